// Runs a service from source, and restarts it when one of its files is saved: `node scripts/dev.ts logic`. When files of a plugin
// are saved, the running service reloads the plugin.
// It does not use `node --watch`: on Linux that keeps watching the old file after an editor, git or `peek config set` has replaced it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { Ancestors } from "./Ancestors.ts";

const workspaceDir = dirname(import.meta.dirname);

/** A formatter or a checkout saves several files at once: the reaction waits until no file was saved for this time. */
const calmMs = 100;

/** One service under development: at most one process of it at any time. */
class DevelopmentRun {
  readonly #service: string;
  readonly #watcher: FSWatcher;
  readonly #ancestors: Ancestors;
  readonly #configFile: string;
  #child: ChildProcess | undefined;
  /** Whether the child has started, so that it can reload plugins. */
  #canReload = false;
  #reaction: NodeJS.Timeout | undefined;
  /** The paths that were saved since the last reaction, each with whether it was added or removed. */
  readonly #saved = new Map<string, boolean>();
  /** The steps (start and end) run one after the other. */
  #steps: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(service: string) {
    this.#service = service;
    const home = join(resolve(process.env["PEEK_HOME"] ?? homedir()), `peek-${service}-service.home`);
    const configFile = join(home, "config.json");
    this.#configFile = configFile;
    const watched = ["packages", "plugins", join("services", service)].map((path) => join(workspaceDir, path));
    // The home's folder and not only the file, which may not exist yet.
    this.#watcher = watch([...watched, home], {
      ignoreInitial: true,
      ignored: (path, stats) => isIrrelevant(path, home) || (stats?.isFile() === true && !isSource(path, configFile)),
    });
    this.#watcher.on("all", (event, path) => this.#onChange(event, path));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.#stop());
    this.#ancestors = new Ancestors(() => this.#stop());
    // Writing fails when the terminal is gone.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  }

  start(): void {
    this.#then(async () => this.#begin());
  }

  #onChange(event: string, path: string): void {
    // The first start makes the config file.
    if (this.#stopping || event === "addDir" || event === "unlinkDir" || (event === "add" && path === this.#configFile))
      return;
    this.#saved.set(path, event !== "change" || this.#saved.get(path) === true);
    clearTimeout(this.#reaction);
    this.#reaction = setTimeout(() => this.#react(), calmMs);
  }

  #react(): void {
    const saved = [...this.#saved].map(([path, isNewOrGone]) => ({ path, plugin: pluginOf(path), isNewOrGone }));
    this.#saved.clear();
    const restarting = saved.find(({ plugin }) => plugin === undefined) ?? saved[0];
    if (restarting === undefined) return;
    if (restarting.plugin === undefined || !this.#canReload) return this.#startAgain(restarting.path);
    const savedFiles = saved.flatMap(({ path, plugin, isNewOrGone }) => {
      if (plugin === undefined) return [];
      const folder = realPath(plugin);
      return [{ folder, file: join(folder, relative(plugin, path)), isNewOrGone }];
    });
    // Sending fails when the child is just ending: its end is reported.
    this.#child?.send({ savedFiles }, () => undefined);
  }

  #startAgain(path: string): void {
    const name = path.startsWith(workspaceDir) ? relative(workspaceDir, path) : path;
    console.log(`dev: ${name} changed; starting ${this.#service} again`);
    this.#restart();
  }

  #restart(): void {
    this.#then(async () => {
      await this.#end();
      this.#begin();
    });
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    clearTimeout(this.#reaction);
    this.#ancestors[Symbol.dispose]();
    this.#then(async () => {
      await this.#end();
      await this.#watcher.close();
      process.exit(0);
    });
  }

  #then(step: () => Promise<void>): void {
    this.#steps = this.#steps.then(step);
  }

  #begin(): void {
    if (this.#stopping) return;
    const args = ["--conditions=@peek/source", "src/main.ts", "--dev"];
    const cwd = join(workspaceDir, "services", this.#service);
    // The child notices by the channel when this process is killed.
    const child = spawn(process.execPath, args, { cwd, stdio: ["inherit", "inherit", "inherit", "ipc"] });
    this.#child = child;
    child.on("message", (message) => {
      if (this.#child !== child) return;
      if (message === "ready") this.#canReload = true;
      if (message === "restart") this.#restart();
    });
    child.once("exit", (code, signal) => {
      // `#end()` did not end it: it ended by itself.
      if (this.#child !== child) return;
      this.#forget();
      console.log(`dev: ${this.#service} has ended (${signal ?? code}); it restarts when a file is saved`);
    });
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#forget();
    child.kill("SIGTERM");
    await once(child, "exit");
  }

  #forget(): void {
    this.#child = undefined;
    this.#canReload = false;
  }
}

/** Whether a path is in a folder that no service runs from, or in a folder that a service writes in its home. */
function isIrrelevant(path: string, home: string): boolean {
  if (path.startsWith(home)) return path !== home && dirname(path) !== home;
  const within = relative(workspaceDir, path);
  if (/^(?:plugins[/\\][^/\\]+[/\\]web|packages[/\\](?:shell|vite-plugin))(?:[/\\]|$)/.test(within)) return true;
  return /(?:^|[/\\])(?:node_modules|dist|bundle|test|\.turbo)(?:[/\\]|$)/.test(within);
}

/**
 * The folder of the plugin that reloads when a file is saved. None for its package.json: Node reads that once, so that the service
 * has to restart.
 */
function pluginOf(path: string): string | undefined {
  const pluginsDir = join(workspaceDir, "plugins");
  const [name, ...rest] = path.startsWith(pluginsDir + sep) ? relative(pluginsDir, path).split(sep) : [];
  if (name === undefined || rest.length === 0 || rest.at(-1) === "package.json") return undefined;
  return join(pluginsDir, name);
}

/** The real path of a folder, by which Node knows the modules in it. */
function realPath(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    // The folder was removed.
    return folder;
  }
}

function isSource(path: string, configFile: string): boolean {
  if (path === configFile) return true;
  return (
    path.startsWith(workspaceDir) && (/\.[cm]?[jt]sx?$/.test(path) || /[/\\](?:plugin_)?package\.json$/.test(path))
  );
}

const service = process.argv[2];
if (service === undefined) throw new Error("Which service? For example: node scripts/dev.ts logic");
new DevelopmentRun(service).start();
