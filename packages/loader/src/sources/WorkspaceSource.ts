import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { packagesIn } from "./folders.ts";
import type { PluginSource } from "./PluginSource.ts";

/** The folder `plugins` of a workspace, where plugins are developed. */
export class WorkspaceSource implements PluginSource {
  readonly title: string;
  readonly #pluginsDir: string;
  #folders: ReadonlyMap<string, string> | undefined;

  constructor(workspaceDir: string) {
    this.#pluginsDir = join(workspaceDir, "plugins");
    this.title = `the workspace (${this.#pluginsDir})`;
  }

  find(packageName: string): string | undefined {
    return this.#scan().get(packageName);
  }

  /** The npm names of all packages in it, sorted. */
  packageNames(): readonly string[] {
    return [...this.#scan().keys()].sort();
  }

  refresh(): void {
    this.#folders = undefined;
  }

  #scan(): ReadonlyMap<string, string> {
    this.#folders ??= packagesIn(
      existsSync(this.#pluginsDir) ? readdirSync(this.#pluginsDir).map((name) => join(this.#pluginsDir, name)) : [],
    );
    return this.#folders;
  }
}
