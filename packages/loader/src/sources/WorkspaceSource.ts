import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageFolder } from "./folders.ts";
import type { PluginSource } from "./PluginSource.ts";

const packageSchema = z.object({ name: z.string() });

/** The folder `plugins` of a workspace: where plugins are being written. */
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

  #scan(): ReadonlyMap<string, string> {
    this.#folders ??= new Map(
      readdirSync(this.#pluginsDir, { withFileTypes: true }).flatMap((entry) => {
        const dir = packageFolder(join(this.#pluginsDir, entry.name));
        const name = dir === undefined ? undefined : packageNameIn(dir);
        return dir === undefined || name === undefined ? [] : [[name, dir] as const];
      }),
    );
    return this.#folders;
  }
}

function packageNameIn(dir: string): string | undefined {
  try {
    return packageSchema.safeParse(JSON.parse(readFileSync(join(dir, "package.json"), "utf8"))).data?.name;
  } catch {
    // A package.json that is being edited: it has no name just now.
    return undefined;
  }
}
