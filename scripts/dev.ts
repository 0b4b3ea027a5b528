// Runs a service from source, and starts it again when something that it is made of is saved: `node scripts/dev.ts logic`.
// Not `node --watch`: on Linux that goes on watching the old file after an editor, git or `peek config set` has put a
// new one in its place.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { Ancestors } from "./Ancestors.ts";

const workspaceDir = dirname(import.meta.dirname);

/** Several files are saved at once by a formatter or a checkout; milliseconds. */
const calmMs = 100;

/** One service under development: at most one process of it at any time. */
class DevelopmentRun {
  readonly #service: string;
  readonly #watcher: FSWatcher;
  readonly #ancestors: Ancestors;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  /** Each step waits for the one before: a start, an end and a start. */
  #steps: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(service: string) {
    this.#service = service;
    const home = join(resolve(process.env["PEEK_HOME"] ?? homedir()), `peek-${service}-service.home`);
    const configFile = join(home, "config.json");
    const watched = ["packages", "plugins", join("services", service)].map((path) => join(workspaceDir, path));
    // The home's folder and not the file alone, which may not be there yet.
    this.#watcher = watch([...watched, home], {
      ignoreInitial: true,
      ignored: (path, stats) => isBeside(path, home) || (stats?.isFile() === true && !isPart(path, configFile)),
    });
    this.#watcher.on("all", (event, path) => this.#onChange(event, path, configFile));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.#stop());
    this.#ancestors = new Ancestors(() => this.#stop());
    // What the terminal was is gone with it.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  }

  start(): void {
    this.#then(async () => this.#begin());
  }

  #onChange(event: string, path: string, configFile: string): void {
    // A first start makes the file itself.
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
    // Over the channel it notices when this process was killed.
    const child = spawn(process.execPath, args, { cwd, stdio: ["inherit", "inherit", "inherit", "ipc"] });
    this.#child = child;
    child.once("exit", (code, signal) => {
      // Ended by itself, and not to be started again.
      if (this.#child !== child) return;
      this.#child = undefined;
      console.log(`dev: ${this.#service} has ended (${signal ?? code}); it is started again when something is saved`);
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

/** Folders that no service is run from, and what a service itself writes in its home. */
function isBeside(path: string, home: string): boolean {
  if (path.startsWith(home)) return path !== home && dirname(path) !== home;
  return /(?:^|[/\\])(?:node_modules|dist|bundle|test|web|\.turbo)(?:[/\\]|$)/.test(relative(workspaceDir, path));
}

function isPart(path: string, configFile: string): boolean {
  if (path === configFile) return true;
  return (
    path.startsWith(workspaceDir) && (/\.[cm]?[jt]sx?$/.test(path) || /[/\\](?:plugin_)?package\.json$/.test(path))
  );
}

const service = process.argv[2];
if (service === undefined) throw new Error("Which service? For example: node scripts/dev.ts logic");
new DevelopmentRun(service).start();
