import type { Level } from "./LogRecord.ts";

/**
 * The level of a logger: that of the longest entry of `levels` that is its name, or the beginning of its name up to a dot.
 */
export function levelOf(name: string, level: Level, levels: Readonly<Record<string, Level>>): Level {
  for (let prefix = name; prefix !== ""; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf(".")))) {
    const special = Object.hasOwn(levels, prefix) ? levels[prefix] : undefined;
    if (special !== undefined) return special;
  }
  return level;
}
