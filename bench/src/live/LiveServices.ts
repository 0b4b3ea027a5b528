import { Child } from "../Child.ts";
import { generatePeekHome } from "../generate/peekHome.ts";
import { serviceBin } from "../paths.ts";
import { freePort } from "../rpc/freePort.ts";
import { generateLivePlugin, livePlugin } from "./generateLivePlugin.ts";

/** The options of {@link LiveServices}. */
export interface LiveServicesOptions {
  /** An empty folder. */
  readonly dir: string;
  readonly signal: AbortSignal;
  readonly connectUrl?: string;
  /** The plugin's connections to the database. Default: the services' default. */
  readonly poolSize?: number;
  /** The rows that the plugin publishes by itself; without them, it has a database. */
  readonly published?: Readonly<Record<string, number>>;
}

/** The built logic and field services with the bench's plugin. */
export class LiveServices implements AsyncDisposable {
  readonly logic: Child;
  readonly field: Child;
  /** The port of field's site. */
  readonly port: number;
  readonly #held: AsyncDisposableStack;

  private constructor(logic: Child, field: Child, port: number, held: AsyncDisposableStack) {
    this.logic = logic;
    this.field = field;
    this.port = port;
    this.#held = held;
  }

  /** The URL for clients. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}/vortex`;
  }

  /** Starts both, and waits until their plugins are started. */
  static async start(options: LiveServicesOptions): Promise<LiveServices> {
    const { dir, signal, connectUrl, poolSize, published } = options;
    const softwarePath = await generateLivePlugin(dir, connectUrl !== undefined);
    const [exchangePort, adminPort, port] = [await freePort(), await freePort(), await freePort()];
    const plugin = { enabled: [livePlugin], softwarePath };
    const httpServer = {
      admin: { sitePort: adminPort },
      field: { sitePort: port, anonymous: true },
      dataExchange: { sitePort: exchangePort },
    };
    const storage = connectUrl === undefined ? undefined : { connectUrl, ...(poolSize !== undefined && { poolSize }) };
    const common = { plugin, httpServer, dataExchange: { httpPort: exchangePort } };
    await generatePeekHome(dir, { ...common, ...(storage !== undefined && { storage }) });
    await generatePeekHome(dir, common, "field");
    await using held = new AsyncDisposableStack();
    const env = { PEEK_HOME: dir, PEEK_BENCH: JSON.stringify({ published }) };
    const start = async (service: "logic" | "field"): Promise<Child> => {
      const child = held.use(new Child({ args: ["--expose-gc", serviceBin(service)], env, signal }));
      await child.line(/:Ready in \d+ ms, .*: 1 plugin started$/);
      return child;
    };
    const logic = await start("logic");
    const field = await start("field");
    return new LiveServices(logic, field, port, held.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held[Symbol.asyncDispose]();
  }
}
