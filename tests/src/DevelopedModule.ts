import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { freePort } from "./freePort.ts";
import { RunningProcess, runToEnd } from "./RunningProcess.ts";
import { makeFolder } from "./temporaryFolder.ts";
import { workspaceDir } from "./workspace.ts";

/** Vite's file watcher takes two saves of a file within a tenth of a second for one, and keeps the content of the first. */
const betweenSavesMs = 200;

const vite = join("node_modules", "vite", "bin", "vite.js");
const plugin = join("plugins", "peek-plugin-tutorial");

/** A copy of the tutorial plugin in a temporary folder, whose web module a test may change, and Vite for it. */
export class DevelopedModule implements AsyncDisposable {
  readonly #base: string;
  readonly #dir: string;
  #vite: RunningProcess | undefined;
  #savedAt = 0;

  private constructor(base: string) {
    this.#base = base;
    this.#dir = join(base, plugin);
  }

  static async make(): Promise<DevelopedModule> {
    const base = await makeFolder();
    const made = new DevelopedModule(base);
    const dir = made.#dir;
    await mkdir(dir, { recursive: true });
    for (const path of ["package.json", "plugin_package.json", "vite.config.ts", "src", "web/src"])
      await cp(join(workspaceDir, plugin, path), join(dir, path), { recursive: true });
    await linkPackages(join(workspaceDir, plugin, "node_modules"), join(dir, "node_modules"));
    return made;
  }

  /** Saves a file of the module: `Page.tsx`. */
  async save(path: string, content: string): Promise<void> {
    const file = join(this.#dir, "web", "src", path);
    await mkdir(dirname(file), { recursive: true });
    await setTimeout(this.#savedAt + betweenSavesMs - performance.now());
    // At once: Vite would read a file that is only half written.
    await writeFile(`${file}.new`, content);
    await rename(`${file}.new`, file);
    this.#savedAt = performance.now();
  }

  /** Saves plugin_package.json with another title, and waits until the dev server has started again. */
  async retitle(title: string): Promise<void> {
    const file = join(this.#dir, "plugin_package.json");
    const manifest = await readFile(file, "utf8");
    await writeFile(file, manifest.replace(/"title": "[^"]*"/, `"title": ${JSON.stringify(title)}`));
    await this.#vite?.waitFor(/server restarted/);
  }

  /** Installs a library in CommonJS beside the plugin. @param code Of its main file. */
  async install(name: string, code: string): Promise<void> {
    const dir = join(this.#base, "node_modules", name);
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, "package.json"), JSON.stringify({ name, version: "1.0.0", main: "index.js" }));
    await writeFile(join(dir, "index.js"), code);
  }

  /** Builds the module. Returns its style sheet. */
  async buildStyles(): Promise<string> {
    const { ending, stderr } = await runToEnd(process.execPath, { args: [vite, "build"], cwd: this.#dir });
    if (ending.code !== 0) throw new Error(`The build failed: ${stderr}`);
    const assets = join(this.#dir, "web", "dist", "assets");
    const name = (await readdir(assets)).find((file) => file.endsWith(".css"));
    if (name === undefined) throw new Error("The module has no style sheet");
    return await readFile(join(assets, name), "utf8");
  }

  /** Starts the dev server for a site. Returns its origin. */
  async serve(site: string): Promise<string> {
    const port = await freePort();
    const args = [vite, "--host", "127.0.0.1", "--port", String(port), "--strictPort"];
    this.#vite = new RunningProcess(process.execPath, {
      args,
      cwd: this.#dir,
      env: { PEEK_SITE: site, NO_COLOR: "1" },
    });
    await this.#vite.waitFor(/Local:/);
    return `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vite?.[Symbol.asyncDispose]();
    await rm(this.#base, { recursive: true });
  }
}

/** Links each package, and not the whole folder: each Vite keeps its prepared packages in a folder of its own there. */
async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) if (!name.startsWith(".")) await symlink(join(from, name), join(to, name));
}
