import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What is run, and how. */
export interface Command {
  /** Arguments for this process's own node. */
  readonly args: readonly string[];
  /** Environment variables beside those that the bench itself has. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory, if not the bench's own. */
  readonly cwd?: string;
  /** When it fires, the process is killed. */
  readonly signal: AbortSignal;
}

/** A line that was waited for. */
export interface AwaitedLine {
  /** How long after the process was asked for; milliseconds. */
  readonly afterMs: number;
  readonly match: RegExpExecArray;
}

/** A Node process that is measured. Disposing it ends it, and waits until it is gone. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #signal: AbortSignal;
  readonly #closed: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;
  /** Just before the process was asked for. */
  readonly #since: number;
  #output = "";

  constructor({ args, env, cwd, signal }: Command) {
    signal.throwIfAborted();
    this.#since = performance.now();
    const child = spawn(process.execPath, args, {
      env: { ...inheritedEnvironment(), ...env },
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      signal,
      killSignal: "SIGKILL",
    });
    this.#process = child;
    this.#signal = signal;
    // An abort is told here too; whoever waits for a line or the end sees it there.
    child.on("error", () => undefined);
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#closed = new Promise((resolve) => child.once("close", resolve));
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error("The process could not be started");
    return this.#process.pid;
  }

  /** @throws Error with what the process wrote, when it ends without such a line; or the reason of the abort. */
  async line(pattern: RegExp): Promise<AwaitedLine> {
    for (;;) {
      const next = await this.#lines.next();
      const afterMs = performance.now() - this.#since;
      if (next.done === true) {
        await this.#closed;
        this.#signal.throwIfAborted();
        throw new Error(`No line ${String(pattern)} came from ${this.#describe()}`);
      }
      const match = pattern.exec(next.value);
      if (match !== null) return { afterMs, match };
      this.#output += `${next.value}\n`;
    }
  }

  /**
   * Waits until it ends by itself.
   *
   * @returns How long after the process was asked for; milliseconds.
   */
  async exit(): Promise<number> {
    if (this.#process.exitCode === null) await once(this.#process, "exit");
    const afterMs = performance.now() - this.#since;
    if (this.#process.exitCode !== 0) throw new Error(`This failed: ${this.#describe()}`);
    return afterMs;
  }

  /** Asks it to stop, which lets Node write its compile cache. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#closed;
  }

  #describe(): string {
    const { spawnargs, exitCode, signalCode } = this.#process;
    return `${spawnargs.join(" ")}, which ended with ${exitCode ?? signalCode}:\n${this.#output}`;
  }
}

/** Without what would change how children run. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_COMPILE_CACHE: _cache, PEEK_HOME: _home, ...rest } = process.env;
  return { ...rest, NODE_ENV: "production" };
}
