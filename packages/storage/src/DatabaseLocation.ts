import { PeekError } from "@peek/errors";
import { type ConnectionTarget, parseConnectUrl } from "./connection/ConnectionTarget.ts";
import { EmbeddedServer } from "./embedded/EmbeddedServer.ts";
import { type EmbeddedConnection, readEmbeddedConnection } from "./embedded/EmbeddedConnection.ts";
import type { ServiceConfig } from "@peek/config";
import type { Logger } from "@peek/plugin-base";

/** What a {@link DatabaseLocation} goes by. */
export interface DatabaseLocationOptions {
  /** `storage` of config.json. */
  readonly config: ServiceConfig["storage"];
  /** The folder of the embedded database: in the home of the logic service. */
  readonly embeddedDir: string;
  /** Whether the embedded database is run by this process, or found where another runs it. */
  readonly embedded: EmbeddedUse;
  /** The plugins that require storage; their number is what counts. */
  readonly plugins: readonly unknown[];
  readonly getLogger: (name: string) => Logger;
  /** Gives up waiting for the embedded database. */
  readonly signal: AbortSignal;
}

/** Whether a process runs the embedded database itself, or finds the one that logic runs on this machine. */
export type EmbeddedUse = "start" | "find";

/** As many as PostgreSQL has by default, and as many as it is made to have. */
const connections = { least: 100, most: 1000, spare: 20 } as const;

/** Where the database is: the given server, or the embedded one, which is started when it is first asked for. */
export class DatabaseLocation implements AsyncDisposable {
  readonly #options: DatabaseLocationOptions;
  #server: Promise<EmbeddedServer> | undefined;

  constructor(options: DatabaseLocationOptions) {
    this.#options = options;
  }

  /** Has the embedded database started, if this process is to run it, while other things are done. */
  begin(): void {
    const { config, embedded } = this.#options;
    if (config.connectUrl !== undefined || embedded !== "start") return;
    this.#server = this.#start();
    // Told to whoever asks where the database is.
    this.#server.catch(() => undefined);
  }

  /**
   * The database, as far as can be known without speaking to it.
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
      `The embedded database of the logic service does not run on this machine (looked in ${embeddedDir}). Start logic, or name the database in storage.connectUrl of this service's config.json.`,
      { fields: { dir: embeddedDir } },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One that could not be started is not there to stop.
    const server = await this.#server?.catch(() => undefined);
    await server?.stop();
  }

  async #start(): Promise<EmbeddedServer> {
    const { config, embeddedDir, getLogger, plugins, signal } = this.#options;
    // The worker has as many.
    const wanted = 2 * plugins.length * config.poolSize + connections.spare;
    return await EmbeddedServer.open({
      dir: embeddedDir,
      logger: getLogger("peek_storage.EmbeddedServer"),
      maxConnections: Math.min(Math.max(wanted, connections.least), connections.most),
      signal,
    });
  }
}

function targetOf(connection: EmbeddedConnection): ConnectionTarget {
  return { ...connection, kind: "embedded", tls: false };
}
