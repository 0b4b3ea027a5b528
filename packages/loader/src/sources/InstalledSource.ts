import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isPluginName, pluginNameOf } from "@peek/plugin-base";
import { packageFolder } from "./folders.ts";
import type { PluginSource } from "./PluginSource.ts";

/**
 * The current versions of plugins that were installed from archives: the links in `current` of a `plugin-software` folder. Every look-up
 * reads the disk: a link may be replaced at any time.
 */
export class InstalledSource implements PluginSource {
  readonly title: string;
  readonly #currentDir: string;

  /** @param softwareDir The `plugin-software` folder. */
  constructor(softwareDir: string) {
    this.#currentDir = join(softwareDir, "current");
    this.title = `the plugins from archives (${this.#currentDir})`;
  }

  find(packageName: string): string | undefined {
    return packageFolder(join(this.#currentDir, packageName));
  }

  withVersion(packageName: string, dir: string): PluginSource {
    return {
      title: this.title,
      find: (name) => (name === packageName ? packageFolder(dir) : this.find(name)),
      packageNames: () => this.packageNames(),
    };
  }

  packageNames(): readonly string[] {
    const names = existsSync(this.#currentDir) ? readdirSync(this.#currentDir) : [];
    return names.filter((name) => isPluginName(pluginNameOf(name))).sort();
  }
}
