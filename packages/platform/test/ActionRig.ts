import { format } from "node:util";
import { serviceConfigSchema } from "@peek/config";
import type { Logger, PeekUser, PluginActions } from "@peek/plugin-base";
import type { SessionCheck } from "@peek/plugin-base/internal";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { Storage } from "@peek/storage";
import { ActionServer, ObservableServer, type Rate } from "@peek/live/logic";
import { ActionClient } from "@peek/live/gateway";
import { type BusMember, Exchange, makeInstanceName, MemoryBus } from "@peek/bus";
import { Vortex } from "@peek/vortex";
import { logger } from "./silentLogger.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

/** The plugin whose actions are executed. */
export const plugin = "peek_plugin_pump";

/** The table of the plugin. */
export interface Tables {
  readonly pump: { readonly id: number; readonly level: number };
}

/** The values in which a push differs from the default. */
interface PushOptions {
  readonly sequence?: number;
  readonly after?: number;
  readonly acknowledged?: number;
  readonly client?: string;
  readonly lane?: string;
  readonly user?: PeekUser;
  readonly device?: string;
  /** The fingerprint of the page's version of the type. */
  readonly contract?: string;
}

export const eve: PeekUser = { id: "eve", name: "Eve", groups: [], anonymous: false };
export const ada: PeekUser = { id: "ada", name: "Ada", groups: [], anonymous: false };

/** Sessions as logic knows them, each proved by `<user>@<device>`; those of `nobody` have ended. */
const sessions: SessionCheck = (proof, { service }) => {
  const [id = "", device = ""] = proof.split("@");
  if (id === "nobody" || service !== "field") return { ok: false, code: "SESSION_ENDED", message: "It has ended." };
  const visitor: PeekUser = { id, name: "anonymous", groups: [], anonymous: true };
  return { ok: true, user: users.get(id) ?? (id.startsWith("device:") ? visitor : { ...ada, id }), device };
};

const users = new Map([ada, eve].map((each) => [each.id, each]));

/** Logic and a gateway in one process, over a bus, with a real database: as far as actions go. */
export class ActionRig implements AsyncDisposable {
  /** The lines that the plugin logged. */
  readonly told: string[] = [];
  readonly storage: PluginStorage<Tables>;
  readonly server: ActionServer;
  readonly client: ActionClient;
  /** The stack of the plugin's present phase. */
  phase: AsyncDisposableStack = new AsyncDisposableStack();
  readonly #database: TestDatabase;
  readonly #platform: Storage;
  readonly #owned: AsyncDisposableStack;

  private constructor(database: TestDatabase, platform: Storage, owned: AsyncDisposableStack, rate?: Rate) {
    this.#database = database;
    this.#platform = platform;
    this.#owned = owned;
    const { storage, connections } = platform.openPluginStorage(plugin);
    owned.use(connections);
    this.storage = storage;
    const exchange = new Exchange();
    const logic = this.#join(exchange, "logic");
    const channels = owned.use(new ObservableServer({ rpc: logic.rpc, sessions, changes: () => undefined }));
    this.server = owned.use(
      new ActionServer({ rpc: logic.rpc, sessions, channels, ...(rate !== undefined && { rate }) }),
    );
    this.server.serve();
    this.client = new ActionClient(this.#join(exchange, "field").rpc);
  }

  /** @param rate How fast actions are taken. Default: as on a real one. */
  static async open(rate?: Rate): Promise<ActionRig> {
    await using held = new AsyncDisposableStack();
    const database = held.use(await openTestDatabase());
    const config = serviceConfigSchema.parse({ storage: { connectUrl: database.connectUrl, poolSize: 6 } }).storage;
    const storage = held.use(
      await Storage.open({
        title: "peek test",
        config,
        embeddedDir: "",
        embedded: "find",
        migrations: "apply",
        plugins: [{ name: plugin, version: "1.0.0", migrationsDir: undefined }],
        getLogger: () => logger,
        signal: new AbortController().signal,
      }),
    );
    const rig = new ActionRig(database, storage, held.move(), rate);
    await rig.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int NOT NULL)");
    await rig.query("INSERT INTO pl_pump.pump VALUES (1, 0), (2, 0)");
    await rig.query("GRANT ALL ON pl_pump.pump TO PUBLIC");
    return rig;
  }

  /** `platform.actions` of the plugin. */
  get actions(): PluginActions<Tables> {
    const { ledger } = this.#platform;
    const actions = this.server.forPlugin(plugin, () => this.phase, this.logger, ledger, ["field"]);
    return actions;
  }

  /** The plugin's logger. */
  get logger(): Logger {
    const tell = (...args: readonly unknown[]): void => {
      const [first, ...rest] = args;
      this.told.push(typeof first === "string" ? format(first, ...rest) : format(...rest));
    };
    return { ...logger, warning: tell, error: tell };
  }

  /** Ends the plugin's phase, as when it stops, and begins another. */
  async stopPlugin(): Promise<void> {
    await this.phase.disposeAsync();
    this.phase = new AsyncDisposableStack();
  }

  /** Pushes an action, as a gateway passes it on. */
  async push(type: string, body: string, options: PushOptions = {}): ReturnType<ActionClient["run"]> {
    const {
      sequence = 1,
      after = 0,
      acknowledged = 0,
      client = "device-1",
      lane = "l",
      user = ada,
      device = "d",
      contract,
    } = options;
    const pushedAt = "2026-01-02T03:04:05.000Z";
    return await this.client.run(
      {
        ...{
          type,
          body,
          client,
          lane,
          sequence,
          after,
          acknowledged,
          proof: `${user.id}@${device}`,
          pushedAt,
          watch: [],
        },
        ...(contract !== undefined && { contract }),
      },
      new AbortController().signal,
    );
  }

  /** The level of a pump. */
  async level(id = 1): Promise<unknown> {
    const [row] = await this.query(`SELECT level FROM pl_pump.pump WHERE id = ${id}`);
    return row?.["level"];
  }

  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return await this.#database.query(sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.phase.disposeAsync();
    await this.#owned.disposeAsync();
  }

  #join(exchange: Exchange, service: "logic" | "field"): ReturnType<Vortex["forPlugin"]> {
    const member: BusMember = {
      instance: makeInstanceName(service),
      version: "1.0.0",
      since: new Date().toISOString(),
    };
    const bus = this.#owned.use(new MemoryBus(exchange, service, member));
    const vortex = this.#owned.use(new Vortex({ bus, member, logger: logger }));
    const own = this.#owned.use(new AsyncDisposableStack());
    return vortex.forPlugin("peek_core_platform", () => own, logger);
  }
}
