import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceConfigInput } from "@peek/config";
import pg from "pg";
import { descendantsOf } from "./descendantsOf.ts";
import { freePort } from "./freePort.ts";
import { peek } from "./peekCommand.ts";
import type { PluginPackageOptions } from "./pluginPackage.ts";
import type { RunningProcess } from "./RunningProcess.ts";
import { TestHome } from "./TestHome.ts";
import { linkZod } from "./vortexProbe.ts";

/** A service that browsers use: its home, its process, and its URLs. */
export interface LiveService {
  readonly home: TestHome;
  readonly process: RunningProcess;
  /** `http://127.0.0.1:41234` */
  readonly origin: string;
  /** `ws://127.0.0.1:41234/vortex` */
  readonly url: string;
}

/** The options of {@link LiveServices}. */
export interface LiveServicesOptions {
  readonly plugins?: readonly PluginPackageOptions[];
  /** Further plugins of the services except logic. */
  readonly besides?: readonly PluginPackageOptions[];
  readonly logic?: ServiceConfigInput;
}

const tutorial = "peek_plugin_tutorial";
/** The configuration that accepts browsers without a login. */
const anonymous: ServiceConfigInput = {
  httpServer: { field: { sitePort: 0, anonymous: true }, office: { sitePort: 0, anonymous: true } },
};

/** Logic with the tutorial and its own database, and the services that browsers use, each in a separate process. */
export class LiveServices implements AsyncDisposable {
  readonly #owned: AsyncDisposableStack;
  readonly #plugins: readonly PluginPackageOptions[];
  readonly #logicHome: TestHome;
  readonly #port: number;
  #logic: RunningProcess;

  private constructor(
    owned: AsyncDisposableStack,
    plugins: readonly PluginPackageOptions[],
    logicHome: TestHome,
    port: number,
    logic: RunningProcess,
  ) {
    this.#owned = owned;
    this.#plugins = plugins;
    this.#logicHome = logicHome;
    this.#port = port;
    this.#logic = logic;
  }

  /** Starts logic. */
  static async start({ plugins = [], besides = [], logic = {} }: LiveServicesOptions = {}): Promise<LiveServices> {
    await using owned = new AsyncDisposableStack();
    const port = await freePort();
    // Logic needs the setting too.
    const httpServer = { ...anonymous.httpServer, ...logic.httpServer, dataExchange: { sitePort: port } };
    const config = { ...logic, httpServer };
    const home = owned.use(await TestHome.with(withTutorial(config), plugins));
    await linkZod(home);
    const process = owned.use(await home.start());
    return new LiveServices(owned.move(), [...plugins, ...besides], home, port, process);
  }

  /** The folder with the homes of logic and of the services on its machine. */
  get base(): string {
    return this.#logicHome.base;
  }

  /** The port of logic's data exchange. */
  get exchangePort(): number {
    return this.#port;
  }

  get logic(): RunningProcess {
    return this.#logic;
  }

  /** Starts a service on logic's machine. */
  async startBeside(service: "field" | "office", config: ServiceConfigInput = anonymous): Promise<LiveService> {
    return this.#start(await this.#logicHome.beside(service, this.#connected(config), this.#plugins));
  }

  /** Starts a service like one on another machine: in a separate folder, with a token. */
  async startElsewhere(service: "field" | "office", config: ServiceConfigInput = anonymous): Promise<LiveService> {
    const token = (await peek(this.base, "token", "create", service)).stdout.trim();
    const connected = this.#connected(config);
    const home = await TestHome.with(
      { ...connected, dataExchange: { ...connected.dataExchange, token } },
      this.#plugins,
      service,
    );
    this.#owned.use(home);
    return this.#start(home);
  }

  /** Kills logic like a power failure, and waits until it has ended. */
  async killLogic(): Promise<void> {
    this.#logic.kill("SIGKILL");
    await this.#logic.ended;
  }

  /** Starts logic again, on the same home. */
  async startLogic(): Promise<void> {
    this.#logic = this.#owned.use(await this.#logicHome.start());
  }

  /** Kills the server of logic's database; logic starts it again. */
  async killDatabase(): Promise<void> {
    process.kill(await this.#databasePid(), "SIGKILL");
  }

  /** Suspends all processes of logic's database, like a machine that hangs. Returns a function that resumes them. */
  async hangDatabase(): Promise<() => void> {
    const server = await this.#databasePid();
    // A server that is suspended neither starts nor collects processes, so that the list of them stays true.
    process.kill(server, "SIGSTOP");
    const others = await descendantsOf(server);
    for (const pid of others) process.kill(pid, "SIGSTOP");
    return () => {
      for (const pid of [...others, server]) process.kill(pid, "SIGCONT");
    };
  }

  /** A connection to logic's database, like psql's; the caller ends it. @param name The name of another database on the server. */
  async database(name?: string): Promise<DatabaseClient> {
    const file = await readFile(join(this.#logicHome.dir, "postgresql", "connection.json"), "utf8");
    const config = JSON.parse(file) as pg.ClientConfig;
    return DatabaseClient.open(name === undefined ? config : { ...config, database: name });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #databasePid(): Promise<number> {
    const file = await readFile(join(this.#logicHome.dir, "postgresql", "data", "postmaster.pid"), "utf8");
    return Number(file.split("\n")[0]);
  }

  #connected(config: ServiceConfigInput): ServiceConfigInput {
    return withTutorial({ ...config, dataExchange: { httpPort: this.#port } });
  }

  /** Starts an ended service again, on the same home. */
  async restart({ home }: LiveService): Promise<LiveService> {
    return this.#run(home);
  }

  async #start(home: TestHome): Promise<LiveService> {
    await linkZod(home);
    return this.#run(home);
  }

  async #run(home: TestHome): Promise<LiveService> {
    const process = this.#owned.use(await home.start());
    await process.waitFor(/Connected to the logic service/);
    const origin = await siteOrigin(process);
    return { home, process, origin, url: `${origin.replace("http", "ws")}/vortex` };
  }
}

/** The URL of a service for browsers, from its log. */
export async function siteOrigin(running: RunningProcess): Promise<string> {
  const line = await running.waitFor(/: ?Peek \w+ listens on http/);
  return /https?:\/\/[\d.:]+\d/.exec(line)?.[0] ?? "";
}

/** A connection to a database that ends with the test. */
export class DatabaseClient implements AsyncDisposable {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(config: pg.ClientConfig): Promise<DatabaseClient> {
    const client = new pg.Client(config);
    // The server may be killed meanwhile; the next query fails then.
    client.on("error", () => undefined);
    await client.connect();
    return new DatabaseClient(client);
  }

  async query(text: string, values: readonly unknown[] = []): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { rows } = await this.#client.query<Record<string, unknown>>(text, [...values]);
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}

function withTutorial(config: ServiceConfigInput): ServiceConfigInput {
  return { ...config, plugin: { ...config.plugin, enabled: [tutorial, ...(config.plugin?.enabled ?? [])] } };
}
