// Runs a service from source, and restarts it when one of its files is saved: `node scripts/dev.ts logic`.
// It does not use `node --watch`: on Linux that keeps watching the old file after an editor, git or `peek config set` has replaced it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { Ancestors } from "./Ancestors.ts";

const workspaceDir = dirname(import.meta.dirname);

/** A formatter or a checkout saves several files at once: the restart waits until no file was saved for this time. */
const calmMs = 100;

/** One service under development: at most one process of it at any time. */
class DevelopmentRun {
  readonly #service: string;
  readonly #watcher: FSWatcher;
  readonly #ancestors: Ancestors;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  /** The steps (start and end) run one after the other. */
  #steps: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(service: string) {
    this.#service = service;
    const home = join(resolve(process.env["PEEK_HOME"] ?? homedir()), `peek-${service}-service.home`);
    const configFile = join(home, "config.json");
    const watched = ["packages", "plugins", join("services", service)].map((path) => join(workspaceDir, path));
    // The home's folder and not only the file, which may not exist yet.
    this.#watcher = watch([...watched, home], {
      ignoreInitial: true,
      ignored: (path, stats) => isIrrelevant(path, home) || (stats?.isFile() === true && !isSource(path, configFile)),
    });
    this.#watcher.on("all", (event, path) => this.#onChange(event, path, configFile));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.#stop());
    this.#ancestors = new Ancestors(() => this.#stop());
    // Writing fails when the terminal is gone.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  }

  start(): void {
    this.#then(async () => this.#begin());
  }

  #onChange(event: string, path: string, configFile: string): void {
    // The first start makes the file.
    if (event === "addDir" || event === "unlinkDir" || (event === "add" && path === configFile)) return;
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => this.#startAgain(path), calmMs);
  }

  #startAgain(path: string): void {
    const name = path.startsWith(workspaceDir) ? relative(workspaceDir, path) : path;
    console.log(`dev: ${name} changed; starting ${this.#service} again`);
    this.#then(async () => {
      await this.#end();
      this.#begin();
    });
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    clearTimeout(this.#restart);
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
    child.once("exit", (code, signal) => {
      // `#end()` did not end it: it ended by itself.
      if (this.#child !== child) return;
      this.#child = undefined;
      console.log(`dev: ${this.#service} has ended (${signal ?? code}); it restarts when a file is saved`);
    });
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}

/** Whether a path is in a folder that no service runs from, or in a folder that a service writes in its home. */
function isIrrelevant(path: string, home: string): boolean {
  if (path.startsWith(home)) return path !== home && dirname(path) !== home;
  return /(?:^|[/\\])(?:node_modules|dist|bundle|test|web|\.turbo)(?:[/\\]|$)/.test(relative(workspaceDir, path));
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
