import { dirname, join } from "node:path";
import { packageFolder } from "./folders.ts";
import type { PluginSource } from "./PluginSource.ts";

/** The packages that are installed for the code in a folder: its `node_modules`, and those of the folders above. */
export class NodeModulesSource implements PluginSource {
  readonly title: string;
  readonly #dirs: readonly string[];

  /**
   * @param what What the folder is, for messages: `the service's own dependencies`.
   * @param dir The folder.
   * @param options.upwards Whether folders above count too, as for Node. Default: true.
   */
  constructor(what: string, dir: string, options: { readonly upwards?: boolean } = {}) {
    this.title = `${what} (${join(dir, "node_modules")})`;
    this.#dirs = (options.upwards === false ? [dir] : [...upwardsFrom(dir)]).map((each) => join(each, "node_modules"));
  }

  find(packageName: string): string | undefined {
    for (const dir of this.#dirs) {
      const found = packageFolder(join(dir, packageName));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function* upwardsFrom(dir: string): Generator<string> {
  yield dir;
  const parent = dirname(dir);
  if (parent !== dir) yield* upwardsFrom(parent);
}
