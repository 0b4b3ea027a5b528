import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { isPluginName, pluginNameOf } from "@peek/plugin-base";
import { packageFolder } from "./folders.ts";
import type { PluginSource } from "./PluginSource.ts";

/** The packages that are installed for the code in a folder: in its `node_modules`, and in those of the folders above. */
export class NodeModulesSource implements PluginSource {
  readonly title: string;
  readonly #candidates: readonly string[];
  #present: readonly string[] | undefined;

  /**
   * @param what The name of the folder in messages: `the service's own dependencies`.
   * @param dir The folder.
   * @param options.upwards Whether the folders above are searched too, as Node does. Default: true.
   */
  constructor(what: string, dir: string, options: { readonly upwards?: boolean } = {}) {
    this.title = `${what} (${join(dir, "node_modules")})`;
    this.#candidates = (options.upwards === false ? [dir] : [...upwardsFrom(dir)]).map((each) =>
      join(each, "node_modules"),
    );
  }

  /** The existing ones. Cached, since most folders above have none, and every plugin is looked up in all of them. */
  get #dirs(): readonly string[] {
    this.#present ??= this.#candidates.filter((dir) => existsSync(dir));
    return this.#present;
  }

  find(packageName: string): string | undefined {
    for (const dir of this.#dirs) {
      const found = packageFolder(join(dir, packageName));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  packageNames(): readonly string[] {
    const names = this.#dirs.flatMap((dir) => readdirSync(dir));
    return [...new Set(names.filter((name) => isPluginName(pluginNameOf(name))))].sort();
  }

  refresh(): void {
    this.#present = undefined;
  }
}

function* upwardsFrom(dir: string): Generator<string> {
  yield dir;
  const parent = dirname(dir);
  if (parent !== dir) yield* upwardsFrom(parent);
}
