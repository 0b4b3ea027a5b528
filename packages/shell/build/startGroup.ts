/** The facts of a build about a module. */
interface ModuleImports {
  readonly importedIds: readonly string[];
}

/** Finds the module with an identifier. */
interface ModuleGraph {
  getModuleInfo(id: string): ModuleImports | null;
}

/** A group of modules that are one file. */
interface ModuleGroup {
  readonly debugName: string;
  readonly name: (id: string, graph: ModuleGraph) => string | null;
}

/**
 * The build places these itself: `main` needs them before it loads the app, and a part of zod's modules is loaded later.
 */
const placedByBuild = /\/node_modules\/zod\/|vite\/preload-helper/;

/**
 * The file that has the modules which `app` imports, directly or not, whatever else imports them: a slow connection loads one file
 * sooner than thirty.
 */
export function startGroup(app: string): ModuleGroup {
  let modules: ReadonlySet<string> | undefined;
  const name = (id: string, graph: ModuleGraph): string | null => {
    modules ??= reachable(app, graph);
    return modules.has(id) && !placedByBuild.test(id) ? "app" : null;
  };
  return { debugName: "app", name };
}

function reachable(from: string, graph: ModuleGraph): ReadonlySet<string> {
  const found = new Set([from]);
  for (const id of found) {
    for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  }
  return found;
}
