import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { askSocket } from "../askSocket.ts";
import { freePort } from "../freePort.ts";
import { type CommandResult, peek } from "../peekCommand.ts";
import type { PluginPackageOptions } from "../pluginPackage.ts";
import type { RunningProcess } from "../RunningProcess.ts";
import { TestHome } from "../TestHome.ts";
import { linkZod } from "../vortexProbe.ts";
import type { CountedCalls } from "./countedCalls.ts";
import {
  controlSocket,
  fieldConfig,
  itemTable,
  loadName,
  loadPlugin,
  loadVariables,
  probeSeconds,
} from "./loadPlugin.ts";

/** The number of runs of each provider. */
export interface Runs {
  readonly groups: Readonly<Record<string, number>>;
  readonly blobs: number;
}

/** The options of a {@link LiveSystem}. */
export interface LiveSystemOptions {
  /** The number of field services. Default: 1. */
  readonly fields?: number;
  /** Files of the page at `/peek_plugin_load/`. */
  readonly web?: Readonly<Record<string, string>>;
  /** Further environment variables of all services. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further plugins, which are enabled on logic and field. */
  readonly plugins?: readonly PluginPackageOptions[];
  /** Whether a worker service runs the plugin's tasks. Default: false. */
  readonly worker?: boolean;
}

/** A field service of a {@link LiveSystem}. */
export class LiveField {
  readonly port: number;
  readonly #home: TestHome;
  readonly #env: Readonly<Record<string, string>>;
  #running: RunningProcess | undefined;

  constructor(home: TestHome, port: number, env: Readonly<Record<string, string>>) {
    this.#home = home;
    this.port = port;
    this.#env = env;
  }

  /** The folder of its home. */
  get dir(): string {
    return this.#home.dir;
  }

  /** The URL for browsers. */
  get url(): string {
    return `ws://127.0.0.1:${this.port}/vortex`;
  }

  get process(): RunningProcess {
    if (this.#running === undefined) throw new Error("The field service is not running");
    return this.#running;
  }

  /** Starts it, and waits until it has connected to logic. */
  async start(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    this.#running = this.#home.run({ env: this.#env });
    await this.#running.waitFor(/:Ready in /);
    await this.#running.waitFor(/Connected to the logic service/);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
  }
}

/** Logic and field services, each in a separate process, with a plugin that generates load. */
export class LiveSystem implements AsyncDisposable {
  readonly fields: readonly LiveField[];
  /** A connection to the database as its owner. */
  readonly db: pg.Pool;
  readonly logic: RunningProcess;
  readonly #logicHome: TestHome;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    parts: Pick<LiveSystem, "fields" | "db" | "logic"> & { readonly logicHome: TestHome },
    owned: AsyncDisposableStack,
  ) {
    this.fields = parts.fields;
    this.db = parts.db;
    this.logic = parts.logic;
    this.#logicHome = parts.logicHome;
    this.#owned = owned;
  }

  static async start(options: LiveSystemOptions = {}): Promise<LiveSystem> {
    await using owned = new AsyncDisposableStack();
    const exchangePort = await freePort();
    const plugin = loadPlugin(options.web);
    const plugins = [plugin, ...(options.plugins ?? [])];
    const logicHome = owned.use(
      await TestHome.with(
        {
          httpServer: { field: { anonymous: true }, dataExchange: { sitePort: exchangePort } },
          plugin: { deadlines: { probeSeconds } },
        },
        plugins,
      ),
    );
    await linkZod(logicHome);
    const logic = owned.use(logicHome.run({ env: { [loadVariables.dir]: logicHome.dir, ...options.env } }));
    await logic.waitFor(/:Ready in /);
    const fields: LiveField[] = [];
    for (let index = 0; index < (options.fields ?? 1); index += 1) {
      const token = (await peek(logicHome.base, "token", "create", "field")).stdout.trim();
      const port = await freePort();
      const home = owned.use(await TestHome.with(fieldConfig(port, exchangePort, token), plugins, "field"));
      await linkZod(home);
      const env = { [loadVariables.dir]: home.dir, ...options.env };
      const field = owned.use(new LiveField(home, port, env));
      await field.start();
      fields.push(field);
    }
    if (options.worker === true) owned.use(await startWorker(logicHome, exchangePort, plugin, options.env));
    const socketDir = join(logicHome.dir, "postgresql");
    const text = await readFile(join(socketDir, "connection.json"), "utf8");
    const password = String(Reflect.get(Object(JSON.parse(text)), "password"));
    const db = new pg.Pool({ host: socketDir, user: "peek", password, database: "peek", max: 8 });
    db.on("error", () => undefined);
    owned.defer(() => db.end());
    return new LiveSystem({ fields, db, logic, logicHome }, owned.move());
  }

  /** The first field service. */
  get field(): LiveField {
    const [field] = this.fields;
    if (field === undefined) throw new Error("There is no field service");
    return field;
  }

  /** Replaces the rows of the table. @param groups The rows are distributed over these in rotation. */
  async fill(rows: number, groups = 1, pad = ""): Promise<void> {
    await this.db.query(`DELETE FROM ${itemTable}`);
    await this.db.query(`INSERT INTO ${itemTable} SELECT id, id % $2, 0, 0, $3 FROM generate_series(0, $1 - 1) AS id`, [
      rows,
      groups,
      pad,
    ]);
  }

  /** The number of runs of each provider so far. */
  async runs(): Promise<Runs> {
    return (await this.#ask({ ask: "runs" })) as Runs;
  }

  /** Makes the large row change. */
  async blob(bytes: number, perSecond: number): Promise<void> {
    await this.#ask({ ask: "blob", bytes, perSecond });
  }

  /** Reloads the plugin on all services. Returns how the command ended. */
  async reload(): Promise<CommandResult> {
    return await peek(this.#logicHome.base, "plugin", "reload", loadName);
  }

  /** The calls that the plugin has executed on logic. */
  async counted(): Promise<CountedCalls> {
    return (await this.#ask({ ask: "counted" })) as CountedCalls;
  }

  /** Waits until no task of the plugin is queued or running. */
  async tasksDone(): Promise<void> {
    for (;;) {
      const { rows } = await this.db.query(
        "SELECT FROM peek_tasks.job WHERE state IN ('created', 'retry', 'active') LIMIT 1",
      );
      if (rows.length === 0) return;
      await pause(50);
    }
  }

  /** The time of logic's clock, in milliseconds. */
  async clock(): Promise<number> {
    return ((await this.#ask({ ask: "clock" })) as { readonly now: number }).now;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #ask(question: object): Promise<unknown> {
    return await askSocket(join(this.#logicHome.dir, controlSocket), question);
  }
}

async function startWorker(
  logicHome: TestHome,
  httpPort: number,
  plugin: PluginPackageOptions,
  env: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable> {
  const config = { plugin: { deadlines: { probeSeconds } }, dataExchange: { httpPort } };
  const home = await logicHome.beside("worker", config, [plugin]);
  await linkZod(home);
  const running = home.run({ env });
  await running.waitFor(/:Ready in /);
  return running;
}
