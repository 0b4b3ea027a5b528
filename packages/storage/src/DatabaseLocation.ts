import { PeekError } from "@peek/errors";
import { type ConnectionTarget, parseConnectUrl } from "./connection/ConnectionTarget.ts";
import { EmbeddedServer } from "./embedded/EmbeddedServer.ts";
import { type EmbeddedConnection, readEmbeddedConnection } from "./embedded/EmbeddedConnection.ts";
import type { ServiceConfig } from "@peek/config";
import type { Logger } from "@peek/plugin-base";

/** The options of a {@link DatabaseLocation}. */
export interface DatabaseLocationOptions {
  /** `storage` of config.json. */
  readonly config: ServiceConfig["storage"];
  /** The folder of the embedded database: in the home of the logic service. */
  readonly embeddedDir: string;
  /** Whether this process runs the embedded database, or finds the one that another process runs. */
  readonly embedded: EmbeddedUse;
  /** The plugins that require storage; only their number is used. */
  readonly plugins: readonly unknown[];
  readonly getLogger: (name: string) => Logger;
  /** Aborts the start of the embedded database. */
  readonly signal: AbortSignal;
}

/** Whether a process runs the embedded database itself, or finds the one that logic runs on this machine. */
export type EmbeddedUse = "start" | "find";

/** The bounds of `max_connections`; the lower one is PostgreSQL's default. */
const connectionLimits = { min: 100, max: 1000, spare: 20 } as const;

/** Locates the database: the given server, or the embedded one, which is started on first use. */
export class DatabaseLocation implements AsyncDisposable {
  readonly #options: DatabaseLocationOptions;
  #server: Promise<EmbeddedServer> | undefined;

  constructor(options: DatabaseLocationOptions) {
    this.#options = options;
  }

  /** Starts the embedded database in the background, if this process runs it. */
  prestart(): void {
    const { config, embedded } = this.#options;
    if (config.connectUrl !== undefined || embedded !== "start") return;
    this.#server = this.#start();
    // find() reports a failure.
    this.#server.catch(() => undefined);
  }

  /**
   * The database's address and account. Does not connect to it.
   *
   * @throws PeekError `STORAGE_REFUSED`, `STORAGE_UNAVAILABLE`, or as {@link EmbeddedServer.open}.
   */
  async find(): Promise<ConnectionTarget> {
    const { config, embedded, embeddedDir } = this.#options;
    if (config.connectUrl !== undefined) return parseConnectUrl(config.connectUrl);
    if (embedded === "start") {
      this.#server ??= this.#start();
      return targetOf((await this.#server).connection);
    }
    const found = readEmbeddedConnection(embeddedDir);
    if (found !== undefined) return targetOf(found);
    throw new PeekError(
      "STORAGE_UNAVAILABLE",
      `The embedded database of the logic service is not running on this machine (looked in ${embeddedDir}). Start logic, or name the database in storage.connectUrl of this service's config.json.`,
      { fields: { dir: embeddedDir } },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A server that failed to start needs no stop.
    const server = await this.#server?.catch(() => undefined);
    await server?.stop();
  }

  async #start(): Promise<EmbeddedServer> {
    const { config, embeddedDir, getLogger, plugins, signal } = this.#options;
    // Twice, for logic and the worker.
    const wanted = 2 * plugins.length * config.poolSize + connectionLimits.spare;
    return await EmbeddedServer.open({
      dir: embeddedDir,
      logger: getLogger("peek_storage.EmbeddedServer"),
      maxConnections: Math.min(Math.max(wanted, connectionLimits.min), connectionLimits.max),
      signal,
    });
  }
}

function targetOf(connection: EmbeddedConnection): ConnectionTarget {
  return { ...connection, kind: "embedded", tls: false };
}
