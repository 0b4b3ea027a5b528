import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { FileLock } from "@peek/config";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { terminateServer } from "./terminateServer.ts";
import { embeddedFailure } from "./embeddedFailure.ts";
import { readPostmasterFile } from "./PostmasterFile.ts";
import type { ProgramCall } from "./runProgram.ts";
import { ServerLog } from "./ServerLog.ts";
import { Watchdog } from "./Watchdog.ts";

const pollMs = 5;
const startTimeoutMs = 600_000;
const logIntervalMs = 10_000;
/** How long the last output is awaited after the server's end: processes that it has left behind keep the pipe open. */
const outputDrainMs = 500;

/** The options of {@link ServerProcess.start}. */
export interface ServerLaunch {
  readonly call: ProgramCall;
  readonly dataDir: string;
  readonly logger: Logger;
  /** The lock of the data folder, which the server and its child processes inherit and hold until they end. */
  readonly lock: FileLock;
}

/** A process of the server's program. */
export class ServerProcess {
  readonly #launch: ServerLaunch;
  readonly #child: ChildProcess;
  readonly #log: ServerLog;
  readonly #watchdog: Watchdog | undefined;
  /** How it ended, once it has. */
  #end: string | undefined;

  /** Resolves when it has ended, with the reason: `exit code 1`, and its last fatal message. */
  readonly ended: Promise<string>;

  private constructor(launch: ServerLaunch) {
    const { call, logger, lock } = launch;
    const [file = "", ...args] = call.command;
    this.#launch = launch;
    this.#log = new ServerLog(logger);
    // In a session of its own: Ctrl-C in the terminal is for the service, which then stops the server.
    this.#child = spawn(file, args, {
      detached: true,
      env: call.environment,
      stdio: ["ignore", "ignore", "pipe", lock.descriptor],
    });
    lock.leaveToInheritors();
    this.#watchdog = this.#child.pid === undefined ? undefined : new Watchdog(this.#child.pid);
    if (this.#child.stderr !== null) {
      createInterface({ input: this.#child.stderr }).on("line", (line) => this.#log.write(line));
    }
    this.ended = this.#untilEnded();
  }

  /**
   * Starts a server, and waits until it accepts connections.
   *
   * @param signal Aborts the start and ends the server.
   * @throws PeekError `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED`; the signal's reason. No process is left running.
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

  /** The process id; undefined when the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Terminates the process, and waits until it has ended. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    // After its end, another process may get its id.
    if (pid !== undefined && exitCode === null && signalCode === null) {
      await terminateServer(pid, (ms) => this.#endsWithin(ms), this.#launch.logger);
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
    await this.#watchdog?.stop();
    const timer = setTimeout(onClosed, outputDrainMs);
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
    let logAt = began + logIntervalMs;
    while (!this.#isReady()) {
      await delay(pollMs, undefined, { signal });
      const now = performance.now();
      if (this.#end !== undefined) throw this.#failure(this.#end);
      if (now - began > startTimeoutMs) throw this.#failure(`not ready within ${startTimeoutMs / 60_000} minutes`);
      if (now < logAt) continue;
      logger.info("The embedded PostgreSQL has been recovering %s for %d s", dataDir, Math.round((now - began) / 1000));
      logAt = now + logIntervalMs;
    }
  }

  #isReady(): boolean {
    const file = readPostmasterFile(this.#launch.dataDir);
    // The file may still be that of an earlier process.
    return this.#end === undefined && file?.ready === true && file.pid === this.#child.pid;
  }

  #failure(reason: string): Error {
    const subject = `The embedded PostgreSQL in ${this.#launch.dataDir} could not be started`;
    return embeddedFailure(subject, reason, `${reason}\n${this.#log.recent}`);
  }
}
