import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Writable } from "node:stream";

/**
 * A shell that shuts the server down when the pipe to it closes before a line arrives: the system closes the pipe when
 * this process ends, even by SIGKILL. It ignores the signals of a terminal or a service manager.
 */
const script = `trap '' HUP INT TERM; read _ || kill -INT "$1"`;

/** Shuts a server down when this process ends. */
export class Watchdog {
  readonly #shell: ChildProcessByStdio<Writable, null, null>;
  readonly #ended: Promise<void>;

  /** @param pid The process id of the server. */
  constructor(pid: number) {
    const environment = { PATH: process.env["PATH"] };
    this.#shell = spawn("/bin/sh", ["-c", script, "sh", String(pid)], {
      detached: true,
      env: environment,
      stdio: ["pipe", "ignore", "ignore"],
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#shell.once("close", () => resolve());
    // Starting the shell failed: the server runs without it, and the next start in the folder terminates a leftover.
    this.#shell.once("error", () => resolve());
    // The shell was killed; stop() then has nothing to do.
    this.#shell.stdin.on("error", () => undefined);
    this.#ended = promise;
  }

  /** Ends the shell without a signal to the server's process id, which another process may get. */
  async stop(): Promise<void> {
    this.#shell.stdin.end("\n");
    await this.#ended;
  }
}
