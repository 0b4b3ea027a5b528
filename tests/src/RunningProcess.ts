import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { descendantsOf } from "./descendantsOf.ts";
import { sharedFolder } from "./sharedFolder.ts";

/** The options of a {@link RunningProcess}. */
export interface RunOptions {
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The user to run as; only root can. */
  readonly uid?: number;
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The longest wait for a line in milliseconds: another machine may be several times slower. */
const waitMs = 90_000;

/** A process that is started like a user would, and its output. Disposing it kills it, with its descendants. */
export class RunningProcess implements AsyncDisposable {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #stdout = "";
  #stderr = "";

  constructor(command: string, options: RunOptions = {}) {
    const env = { ...process.env, NODE_OPTIONS: undefined, ...sharedCompileCache(), ...options.env };
    this.#child = spawn(command, [...(options.args ?? [])], {
      cwd: options.cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#add({ stdout: String(chunk) }));
    this.#child.stderr?.on("data", (chunk: Buffer) => this.#add({ stderr: String(chunk) }));
    this.ended = this.#end();
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("Failed to start the process");
    return pid;
  }

  /** Its standard output so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** Its standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** The whole lines of its standard output so far. */
  get lines(): readonly string[] {
    return this.#stdout.split("\n").slice(0, -1);
  }

  /** Waits for a line of standard output; an earlier line counts. */
  waitFor(pattern: RegExp): Promise<string> {
    return this.#waitFor(pattern, () => this.#stdout);
  }

  /** Waits for a line of standard error; an earlier line counts. */
  waitForError(pattern: RegExp): Promise<string> {
    return this.#waitFor(pattern, () => this.#stderr);
  }

  async #waitFor(pattern: RegExp, output: () => string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = (): void => {
      const line = output()
        .split("\n")
        .slice(0, -1)
        .find((each) => pattern.test(each));
      if (line !== undefined) resolve(line);
    };
    const fail = (why: string): void =>
      reject(new Error(`No line with ${pattern} ${why}:\n${this.#stdout}${this.#stderr}`));
    const timer = setTimeout(() => fail(`within ${waitMs} ms`), waitMs);
    this.#listeners.add(look);
    look();
    const endInVain = async (): Promise<void> => {
      await this.ended;
      look();
      fail("before it ended");
    };
    void endInVain();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(look);
    }
  }

  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends SIGTERM, and waits for the end. */
  async stop(): Promise<Ending> {
    this.kill("SIGTERM");
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // Its descendants would run on, and hold its output open.
      const descendants = await descendantsOf(this.pid);
      this.#child.kill("SIGKILL");
      for (const pid of descendants) tryKill(pid);
    }
    await this.ended;
  }

  async #end(): Promise<Ending> {
    // 'close' comes after the last output.
    await once(this.#child, "close");
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }

  #add({ stdout = "", stderr = "" }: { readonly stdout?: string; readonly stderr?: string }): void {
    this.#stdout += stdout;
    this.#stderr += stderr;
    for (const listener of this.#listeners) listener();
  }
}

/** The processes of a run compile the same modules: each compiles what no earlier one has. */
function sharedCompileCache(): Readonly<Record<string, string>> {
  const shared = sharedFolder();
  return shared === undefined ? {} : { NODE_COMPILE_CACHE: join(shared, "compiled") };
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** Runs a command to its end. */
export async function runToEnd(
  command: string,
  options: RunOptions = {},
): Promise<RunningProcess & { readonly ending: Ending }> {
  const running = new RunningProcess(command, options);
  const ending = await running.ended;
  return Object.assign(running, { ending });
}
