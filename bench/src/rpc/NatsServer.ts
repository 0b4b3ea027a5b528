import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { freePort } from "./freePort.ts";

const program = "nats-server";

/** The version of the installed `nats-server`; undefined when none is installed. */
export async function natsServerVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ["--version"]);
    return /v([\d.]+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** The options of a {@link NatsServer}. */
export interface NatsServerOptions {
  /** The folder of its configuration. */
  readonly temp: string;
  /** Its configuration besides the port. */
  readonly config: string;
  /** Environment variables that the configuration refers to. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** A separate NATS server. Disposing it ends the process, and waits until it has ended. */
export class NatsServer implements AsyncDisposable {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#process = child;
  }

  static async start({ temp, config, env, signal }: NatsServerOptions): Promise<NatsServer> {
    const port = await freePort();
    const file = join(await mkdtemp(join(temp, "nats-")), "nats-server.conf");
    await writeFile(file, `listen: 127.0.0.1:${port}\n${config}`, { mode: 0o600 });
    const child = spawn(program, ["-c", file], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env },
      signal,
      killSignal: "SIGKILL",
    });
    // An abort is reported here too; the caller that waits for a client handles it.
    child.on("error", () => undefined);
    const lines: string[] = [];
    const log = createInterface({ input: child.stderr });
    const isReady = new Promise<boolean>((resolve) => {
      log.on("line", (line) => {
        lines.push(line);
        if (line.includes("Server is ready")) resolve(true);
      });
      child.once("close", () => resolve(false));
    });
    if (await isReady) return new NatsServer(`nats://127.0.0.1:${port}`, child);
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
