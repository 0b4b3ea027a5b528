import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { FileLock } from "@peek/config";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { endServer } from "./endServer.ts";
import { embeddedFailure } from "./failure.ts";
import { readPostmasterFile } from "./PostmasterFile.ts";
import type { ProgramCall } from "./runProgram.ts";
import { ServerLog } from "./ServerLog.ts";
import { Watchdog } from "./Watchdog.ts";

const pollMs = 5;
const readyWithinMs = 600_000;
const tellEveryMs = 10_000;
/** How long after a server's end its last words may come; processes it left behind hold the pipe. */
const lastWordsMs = 500;

/** A server that is to be started. */
export interface ServerLaunch {
  readonly call: ProgramCall;
  readonly dataDir: string;
  readonly logger: Logger;
  /** The data folder's lock, which the server and all of its processes keep until the last of them has ended. */
  readonly lock: FileLock;
}

/** One run of the server's program. */
export class ServerProcess {
  readonly #launch: ServerLaunch;
  readonly #child: ChildProcess;
  readonly #log: ServerLog;
  readonly #watchdog: Watchdog | undefined;
  /** How it ended. */
  #end: string | undefined;

  /** How it ended, once it has: `exit code 1`, with the line by which it gave up. */
  readonly ended: Promise<string>;

  private constructor(launch: ServerLaunch) {
    const { call, logger, lock } = launch;
    const [file = "", ...args] = call.command;
    this.#launch = launch;
    this.#log = new ServerLog(logger);
    // In a session of its own: what is typed in a terminal is for the service, which stops the server in its turn.
    this.#child = spawn(file, args, {
      detached: true,
      env: call.environment,
      stdio: ["ignore", "ignore", "pipe", lock.descriptor],
    });
    lock.leaveToHeirs();
    this.#watchdog = this.#child.pid === undefined ? undefined : new Watchdog(this.#child.pid);
    if (this.#child.stderr !== null) {
      createInterface({ input: this.#child.stderr }).on("line", (line) => this.#log.write(line));
    }
    this.ended = this.#untilEnded();
  }

  /**
   * Starts a server, and waits until it takes connections.
   *
   * @param signal Gives it up: the server is ended then.
   * @throws PeekError `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED`; the signal's reason. No process is left.
   */
  static async start(launch: ServerLaunch, signal: AbortSignal): Promise<ServerProcess> {
    signal.throwIfAborted();
    const server = new ServerProcess(launch);
    try {
      await server.#untilReady(signal);
      return server;
    } catch (error) {
      await server.end();
      throw error;
    }
  }

  /** The process's id; undefined when there is no process. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends it, and waits until it has. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    // Once the system has told of its end, another process may get its id.
    if (pid !== undefined && exitCode === null && signalCode === null) {
      await endServer(pid, (ms) => this.#endsWithin(ms), this.#launch.logger);
    }
    await this.ended;
  }

  async #endsWithin(ms: number): Promise<boolean> {
    const timer = new AbortController();
    const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
    const ended = await Promise.race([this.ended.then(() => true), late]);
    timer.abort();
    return ended;
  }

  async #untilEnded(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
    this.#child.once("error", (error) => resolve(messageOf(error)));
    this.#child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    this.#child.once("close", () => onClosed());
    const end = await promise;
    await this.#watchdog?.dismiss();
    const timer = setTimeout(onClosed, lastWordsMs);
    await closed;
    clearTimeout(timer);
    this.#child.stderr?.destroy();
    this.#log.end();
    this.#end = this.#log.fatal === undefined ? end : `${end}, ${this.#log.fatal}`;
    return this.#end;
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const { dataDir, logger } = this.#launch;
    const began = performance.now();
    let tellAt = began + tellEveryMs;
    while (!this.#isReady()) {
      await delay(pollMs, undefined, { signal });
      const now = performance.now();
      if (this.#end !== undefined) throw this.#failure(this.#end);
      if (now - began > readyWithinMs) throw this.#failure(`not ready within ${readyWithinMs / 60_000} minutes`);
      if (now < tellAt) continue;
      logger.info("The embedded PostgreSQL is recovering %s, for %d s now", dataDir, Math.round((now - began) / 1000));
      tellAt = now + tellEveryMs;
    }
  }

  #isReady(): boolean {
    const said = readPostmasterFile(this.#launch.dataDir);
    // A file of another process was there before.
    return this.#end === undefined && said?.ready === true && said.pid === this.#child.pid;
  }

  #failure(reason: string): Error {
    const what = `The embedded PostgreSQL could not be started on ${this.#launch.dataDir}`;
    return embeddedFailure(what, reason, `${reason}\n${this.#log.recent}`);
  }
}
