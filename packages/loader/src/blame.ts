import { pathToFileURL } from "node:url";

/** A plugin as far as it can be blamed. */
export interface Suspect {
  readonly name: string;
  /** The folder of its package. */
  readonly rootDir: string;
}

/**
 * Whose error it is that nobody caught: that of the plugin whose file is innermost in the stack, or else the one whose
 * code was running. Where another in the stack, or the running one, depends on that plugin, it is the other's: it has
 * called the API and not caught what came, or handed in the listener that threw. To fail it takes nobody else along.
 *
 * @param stack The error's stack.
 * @param current The plugin whose code is running, by the async context.
 * @param suspects The plugins there are.
 * @param dependsOn Whether one plugin depends on another, through others too.
 */
export function blame(
  stack: string,
  current: string | undefined,
  suspects: readonly Suspect[],
  dependsOn: (name: string, on: string) => boolean,
): string | undefined {
  const inStack = pluginsIn(stack, suspects);
  const candidates = current === undefined ? inStack : [...inStack, current];
  const [innermost, ...others] = candidates;
  if (innermost === undefined) return undefined;
  return others.reduce((guilty, other) => (dependsOn(other, guilty) ? other : guilty), innermost);
}

function pluginsIn(stack: string, suspects: readonly Suspect[]): readonly string[] {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.flatMap((frame) => suspects.find((suspect) => isIn(frame, suspect))?.name ?? []);
}

/** Modules are named by URL in a stack, CommonJS files by path. */
function isIn(frame: string, { rootDir }: Suspect): boolean {
  return frame.includes(`${pathToFileURL(rootDir).href}/`) || frame.includes(`${rootDir}/`);
}
