import { type ChildProcess, execFile, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { serviceNames, type ServiceName } from "@peek/plugin-base";
import { natsAuthorization, natsPasswordVariable } from "../../src/nats/index.ts";

const run = promisify(execFile);

/** The password of a service's user in tests. */
export function natsPassword(service: ServiceName): string {
  return `password-of-${service}`;
}

/** How a {@link NatsServer} is started. */
export interface NatsServerOptions {
  /** Its configuration, without the port. Default: the output of `peek nats permissions`. */
  readonly config?: string;
}

interface ClusterPlace {
  readonly name: string;
  readonly port: number;
  readonly routes: readonly number[];
}

/** A real nats-server on a free port, until it is disposed. */
export class NatsServer implements AsyncDisposable {
  /** The port for clients; the same after each start. */
  readonly port: number;
  readonly #dir: string;
  readonly #file: string;
  #process: ChildProcess | undefined;
  readonly #lines: string[] = [];
  readonly #logging = new EventEmitter();

  private constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#file = join(dir, "nats-server.conf");
    this.port = port;
  }

  static async start(options: NatsServerOptions = {}): Promise<NatsServer> {
    return await NatsServer.#make(options, undefined);
  }

  /** Starts a cluster of three servers. */
  static async startCluster(): Promise<readonly [NatsServer, NatsServer, NatsServer]> {
    const routes = [await freePort(), await freePort(), await freePort()];
    const [first, second, third] = routes.map((port, index) => ({ name: `server-${index}`, port, routes }));
    const servers = [
      await NatsServer.#make({}, first),
      await NatsServer.#make({}, second),
      await NatsServer.#make({}, third),
    ] as const;
    for (const server of servers) await server.logged(/Route connection created[^]*Route connection created/);
    return servers;
  }

  static async #make(options: NatsServerOptions, place: ClusterPlace | undefined): Promise<NatsServer> {
    const server = new NatsServer(await mkdtemp(join(tmpdir(), "peek-nats-")), await freePort());
    await server.configure(options.config ?? natsAuthorization(), place);
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Replaces the configuration for the next start. */
  async configure(config: string, place?: ClusterPlace): Promise<void> {
    const lines = [`listen: 127.0.0.1:${this.port}`, "write_deadline: 2s", config];
    if (place !== undefined) {
      const routes = place.routes.filter((port) => port !== place.port).map((port) => `nats://127.0.0.1:${port}`);
      lines.push(
        `server_name: ${place.name}`,
        `cluster { name: peek, listen: "127.0.0.1:${place.port}", routes: [${routes.join(", ")}] }`,
      );
    }
    await writeFile(this.#file, lines.join("\n"));
  }

  async start(): Promise<void> {
    const passwords = serviceNames.map((name) => [natsPasswordVariable(name), natsPassword(name)]);
    const child = spawn("nats-server", ["-c", this.#file], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...Object.fromEntries(passwords) },
    });
    this.#process = child;
    this.#lines.length = 0;
    createInterface(child.stderr).on("line", (line) => {
      this.#lines.push(line);
      this.#logging.emit("line");
    });
    await this.logged(/Server is ready|\[FTL\]|nats-server: /);
    if (child.exitCode !== null || !this.#lines.join("\n").includes("Server is ready")) {
      throw new Error(`nats-server does not start:\n${this.#lines.join("\n")}`);
    }
  }

  /** Waits for a line of its log. */
  async logged(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#lines.join("\n"))) {
      await once(this.#logging, "line", { signal: AbortSignal.timeout(30_000) });
    }
  }

  /** Suspends its process until {@link goOn}. */
  async standStill(): Promise<void> {
    this.#process?.kill("SIGSTOP");
    const state = async (): Promise<string> =>
      (await run("ps", ["-o", "stat=", "-p", String(this.#process?.pid)])).stdout;
    while (!(await state()).startsWith("T"));
  }

  goOn(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Kills its process. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** A free port below the ephemeral range, so that no outgoing connection gets it. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    server.listen(port, "127.0.0.1");
    const isFree = await Promise.race([
      once(server, "listening").then(() => true),
      once(server, "error").then(() => false),
    ]).catch(() => false);
    if (isFree) await new Promise((resolve) => void server.close(resolve));
    if (isFree) return port;
  }
}
