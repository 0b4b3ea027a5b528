import type { GenerationId } from "./hooks/PluginContext.ts";
import { versionIn } from "./modules/moduleUrl.ts";

/** A generation of a plugin that an error may be attributed to. */
export interface AttributableGeneration extends GenerationId {
  /** The folder of its package. */
  readonly rootDir: string;
  /** The same as a URL, with a slash at its end. */
  readonly rootUrl: string;
  /** The version in the URLs of its modules; undefined for plain URLs. */
  readonly moduleVersion: string | undefined;
}

/**
 * Determines the plugin that caused an error which was not caught: the plugin whose file is innermost in the stack, or else
 * the plugin whose code was running. Where another plugin in the stack, or the running one, depends on that plugin, the
 * error is attributed to the dependant: it called the API and did not catch the error, or passed in the listener that
 * threw. A dependant that fails blocks fewer plugins.
 *
 * Generations with the same files have the same modules. Of these, it is the one whose code was running, or else the last one.
 *
 * @param stack The error's stack.
 * @param current The generation whose code is running, by the async context.
 * @param generations All generations of all plugins, the last one of each plugin last.
 * @param dependsOn Whether one plugin depends on another, also through others.
 */
export function attributeError(
  stack: string,
  current: GenerationId | undefined,
  generations: readonly AttributableGeneration[],
  dependsOn: (name: string, on: string) => boolean,
): GenerationId | undefined {
  const inStack = generationsIn(stack, current, generations);
  const candidates = current === undefined ? inStack : [...inStack, current];
  const [innermost, ...others] = candidates;
  if (innermost === undefined) return undefined;
  const { name, generation } = others.reduce(
    (culprit, other) => (dependsOn(other.name, culprit.name) ? other : culprit),
    innermost,
  );
  return { name, generation };
}

function generationsIn(
  stack: string,
  current: GenerationId | undefined,
  generations: readonly AttributableGeneration[],
): readonly GenerationId[] {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frames.flatMap((frame) => {
    const possible = generationsOf(frame, generations);
    const running = possible.find(
      ({ name, generation }) => name === current?.name && generation === current.generation,
    );
    return running ?? possible.at(-1) ?? [];
  });
}

/** The generations that have the module of a frame. A stack names modules by URL, and CommonJS files by path. */
function generationsOf(
  frame: string,
  generations: readonly AttributableGeneration[],
): readonly AttributableGeneration[] {
  const inPackage = generations.filter(
    ({ rootDir, rootUrl }) => frame.includes(rootUrl) || frame.includes(`${rootDir}/`),
  );
  const ofVersion = inPackage.filter(
    ({ rootUrl, moduleVersion }) => isOwnModule(frame, rootUrl) && moduleVersion === versionIn(frame),
  );
  // The version of a module that has none in its URL is not known: of a dependency, or a CommonJS module.
  return ofVersion.length > 0 ? ofVersion : inPackage;
}

function isOwnModule(frame: string, rootUrl: string): boolean {
  const at = frame.indexOf(rootUrl);
  return at !== -1 && !frame.includes("/node_modules/", at + rootUrl.length - 1);
}
