import { pathToFileURL } from "node:url";

/** A plugin that an error may be attributed to. */
export interface AttributablePlugin {
  readonly name: string;
  /** The folder of its package. */
  readonly rootDir: string;
}

/**
 * Determines the plugin that caused an error which was not caught: the plugin whose file is innermost in the stack, or else
 * the plugin whose code was running. Where another plugin in the stack, or the running one, depends on that plugin, the
 * error is attributed to the dependant: it called the API and did not catch the error, or passed in the listener that
 * threw. A dependant that fails blocks fewer plugins.
 *
 * @param stack The error's stack.
 * @param current The plugin whose code is running, by the async context.
 * @param plugins All plugins.
 * @param dependsOn Whether one plugin depends on another, also through others.
 */
export function attributeError(
  stack: string,
  current: string | undefined,
  plugins: readonly AttributablePlugin[],
  dependsOn: (name: string, on: string) => boolean,
): string | undefined {
  const inStack = pluginsIn(stack, plugins);
  const candidates = current === undefined ? inStack : [...inStack, current];
  const [innermost, ...others] = candidates;
  if (innermost === undefined) return undefined;
  return others.reduce((culprit, other) => (dependsOn(other, culprit) ? other : culprit), innermost);
}

function pluginsIn(stack: string, plugins: readonly AttributablePlugin[]): readonly string[] {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.flatMap((frame) => plugins.find((plugin) => isIn(frame, plugin))?.name ?? []);
}

/** A stack names modules by URL, and CommonJS files by path. */
function isIn(frame: string, { rootDir }: AttributablePlugin): boolean {
  return frame.includes(`${pathToFileURL(rootDir).href}/`) || frame.includes(`${rootDir}/`);
}
