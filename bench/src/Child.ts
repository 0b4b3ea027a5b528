import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** The options of a {@link Child}. */
export interface Command {
  /** Arguments for the Node that runs the bench. */
  readonly args: readonly string[];
  /** Environment variables besides the bench's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory. Default: the bench's. */
  readonly cwd?: string;
  /** When it fires, the process is killed. */
  readonly signal: AbortSignal;
}

/** A line of a child's output. */
export interface AwaitedLine {
  /** The milliseconds since the process was requested. */
  readonly afterMs: number;
  readonly match: RegExpExecArray;
}

/** A Node process that is measured. Disposing it ends it, and waits until it is gone. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #signal: AbortSignal;
  readonly #closed: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;
  /** The time just before the process was requested. */
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
    // An abort is reported here too; the callers that wait for a line or the end handle it.
    child.on("error", () => undefined);
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#closed = new Promise((resolve) => child.once("close", resolve));
  }

  get pid(): number {
    if (this.#process.pid === undefined) throw new Error("Failed to start the process");
    return this.#process.pid;
  }

  /** @throws Error with the output of the process, when it ends without such a line; or the reason of the abort. */
  async line(pattern: RegExp): Promise<AwaitedLine> {
    for (;;) {
      const next = await this.#lines.next();
      const afterMs = performance.now() - this.#since;
      if (next.done === true) {
        await this.#closed;
        this.#signal.throwIfAborted();
        throw new Error(`No line matched ${String(pattern)} in the output of ${this.#describe()}`);
      }
      const match = pattern.exec(next.value);
      if (match !== null) return { afterMs, match };
      this.#output += `${next.value}\n`;
    }
  }

  /**
   * Waits until the process ends by itself.
   *
   * @returns The milliseconds since the process was requested.
   */
  async exit(): Promise<number> {
    if (this.#process.exitCode === null) await once(this.#process, "exit");
    const afterMs = performance.now() - this.#since;
    if (this.#process.exitCode !== 0) throw new Error(`The process failed: ${this.#describe()}`);
    return afterMs;
  }

  /** Asks the process to stop, so that Node writes its compile cache. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#closed;
  }

  #describe(): string {
    const { spawnargs, exitCode, signalCode } = this.#process;
    return `${spawnargs.join(" ")}, which ended with ${exitCode ?? signalCode}:\n${this.#output}`;
  }
}

/** The environment without variables that change how children run. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_COMPILE_CACHE: _cache, PEEK_HOME: _home, ...rest } = process.env;
  return { ...rest, NODE_ENV: "production" };
}
