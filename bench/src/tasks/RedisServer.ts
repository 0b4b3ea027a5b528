import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { freePort } from "../rpc/freePort.ts";

const program = "redis-server";

/** The version of the installed `redis-server`; undefined when none is installed. */
export async function redisServerVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ["--version"]);
    return /v=([\d.]+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** A separate Redis server, which syncs each write to the disk before it answers, like PostgreSQL. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#process = child;
  }

  /** @param temp The folder of its data. */
  static async start(temp: string, signal: AbortSignal): Promise<RedisServer> {
    const port = await freePort();
    const dir = await mkdtemp(join(temp, "redis-"));
    const settings = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
    const child = spawn(program, ["--bind", "127.0.0.1", "--port", String(port), "--dir", dir, ...settings], {
      stdio: ["ignore", "pipe", "ignore"],
      signal,
      killSignal: "SIGKILL",
    });
    // An abort is reported here too; the caller that waits for a client handles it.
    child.on("error", () => undefined);
    const lines: string[] = [];
    const isReady = new Promise<boolean>((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        lines.push(line);
        if (line.includes("Ready to accept connections")) resolve(true);
      });
      child.once("close", () => resolve(false));
    });
    if (await isReady) return new RedisServer(port, child);
    signal.throwIfAborted();
    throw new Error(`${program} failed to start:\n${lines.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}
