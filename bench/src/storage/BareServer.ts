import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ServerCommand } from "./ServerCommand.ts";

/** The time between two checks whether the server is ready; a longer one would distort the result. */
const pollMs = 2;

/** Makes an empty database like the service's. */
export async function bareInitdb(command: ServerCommand, dir: string, signal: AbortSignal): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const passwordFile = join(dir, "password");
  await writeFile(passwordFile, "bench", { mode: 0o600 });
  // The same as in packages/storage/src/embedded/DataFolder.ts.
  const initdb = run(command, dir, signal, "initdb", [
    `--pgdata=${join(dir, "data")}`,
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth=scram-sha-256",
    "--username=peek",
    `--pwfile=${passwordFile}`,
  ]);
  const [code]: unknown[] = await once(initdb, "exit");
  if (code !== 0) throw new Error(`initdb ended with exit code ${String(code)}`);
}

/** A server with the service's settings, without the service. */
export class BareServer implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts the server of a folder, and waits until it accepts connections. */
  static async start(command: ServerCommand, dir: string, signal: AbortSignal): Promise<BareServer> {
    const args = command.args.map((each) => each.replaceAll(command.dir, dir));
    const server = new BareServer(run(command, dir, signal, "postgres", args));
    while (!isReady(dir, server.#process.pid)) {
      if (server.#process.exitCode !== null) throw new Error("The server ended during its start");
      await wait(pollMs, undefined, { signal });
    }
    return server;
  }

  /** Shuts it down cleanly, so that the next start needs no recovery. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGINT");
    await once(this.#process, "exit");
  }
}

function run(
  { prefix, bin, env }: ServerCommand,
  dir: string,
  signal: AbortSignal,
  program: string,
  args: readonly string[],
): ChildProcess {
  const [file = "", ...rest] = [...prefix, join(bin, program), ...args];
  return spawn(file, rest, { cwd: dir, env: { ...env }, stdio: "ignore", signal, killSignal: "SIGINT" });
}

function isReady(dir: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(dir, "data", "postmaster.pid"), "utf8").split("\n");
    return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
  } catch {
    // Not there yet.
    return false;
  }
}
