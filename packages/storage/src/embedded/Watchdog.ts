import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Writable } from "node:stream";

/**
 * A shell that outlives this process by a moment: when the pipe to it closes before a line has come, which the system
 * sees to however this process ends, it tells the server to shut down. A terminal's or a service manager's signals are
 * not for it.
 */
const script = `trap '' HUP INT TERM; read _ || kill -INT "$1"`;

/** Sees to it that a server does not outlive this process. */
export class Watchdog {
  readonly #shell: ChildProcessByStdio<Writable, null, null>;
  readonly #ended: Promise<void>;

  /** @param pid The server. */
  constructor(pid: number) {
    const environment = { PATH: process.env["PATH"] };
    this.#shell = spawn("/bin/sh", ["-c", script, "sh", String(pid)], {
      detached: true,
      env: environment,
      stdio: ["pipe", "ignore", "ignore"],
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#shell.once("close", () => resolve());
    // It could not be started: the server runs without, and the next to use the folder ends it if need be.
    this.#shell.once("error", () => resolve());
    // It was killed; dismissing it is then no more than that.
    this.#shell.stdin.on("error", () => undefined);
    this.#ended = promise;
  }

  /** Ends it without harm to the server, whose id another process may get from now on. */
  async dismiss(): Promise<void> {
    this.#shell.stdin.end("\n");
    await this.#ended;
  }
}
