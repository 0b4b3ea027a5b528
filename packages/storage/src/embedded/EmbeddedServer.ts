import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Logger } from "@peek/plugin-base";
import { checkDataVersion, createData, hasData, ownerAccount, removeDrafts, suitOwner } from "./DataFolder.ts";
import { type EmbeddedConnection, removeEmbeddedConnection, writeEmbeddedConnection } from "./EmbeddedConnection.ts";
import { type EmbeddedLayout, embeddedLayout } from "./EmbeddedLayout.ts";
import { ensureDatabase } from "./ensureDatabase.ts";
import { asEmbeddedFailure, isFailure } from "./failure.ts";
import { takeDataFolder } from "./leftoverServer.ts";
import { passwordForNewData, passwordOfData } from "./ownerPassword.ts";
import { findPostgresPackage } from "./PostgresPackage.ts";
import { type PostgresPrograms, preparePrograms } from "./PostgresPrograms.ts";
import { chooseAddress, hostAndPort, keepAddress } from "./serverAddress.ts";
import type { ServerProcess } from "./ServerProcess.ts";
import { type ServerAddress, serverArguments } from "./serverSettings.ts";
import { ServerSupervisor, type StartServer } from "./ServerSupervisor.ts";
import { startServer } from "./startServer.ts";

const portAttempts = 5;

/** What an embedded server needs to know. */
export interface EmbeddedServerOptions {
  /** The folder in which it keeps everything; made, for its owner alone, when it is missing. */
  readonly dir: string;
  readonly logger: Logger;
  /** How many connections accounts may have that are not PostgreSQL's superuser. */
  readonly maxConnections: number;
  /** Further settings of PostgreSQL, which go before Peek's own. Default: none. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Gives up waiting for the server, which may have much to recover. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/** A server that takes connections, and all that is needed to start it again. */
interface RunningServer {
  readonly server: ServerProcess;
  readonly connection: EmbeddedConnection;
  readonly start: StartServer;
  readonly programs: PostgresPrograms;
}

/**
 * A PostgreSQL server of the service's own: in its folder, for this machine and account alone, ended with the service
 * however that ends, and started again should it die before.
 *
 * Whoever opens one has seen to it that no other process of Peek uses the folder.
 */
export class EmbeddedServer implements AsyncDisposable {
  readonly #dir: string;
  readonly #supervisor: ServerSupervisor;
  readonly #programs: PostgresPrograms;
  readonly #logger: Logger;
  #stopped: Promise<void> | undefined;

  /** How to reach it; stays the same when it has to be started again. */
  readonly connection: EmbeddedConnection;
  /** PostgreSQL's version: `18.4`. */
  readonly version: string;

  private constructor(options: EmbeddedServerOptions, dir: string, version: string, running: RunningServer) {
    this.#dir = dir;
    this.#logger = options.logger;
    this.#supervisor = new ServerSupervisor(running.server, running.start, options.logger);
    this.#programs = running.programs;
    this.connection = running.connection;
    this.version = version;
  }

  /**
   * Starts the server of a folder, and makes its database when there is none. A server that a killed service left
   * running there is ended first.
   *
   * @throws PeekError `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED`, `STORAGE_DATA_VERSION`; no process is
   * left, and the data is as it was.
   */
  static async open(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
    const layout = embeddedLayout(resolve(options.dir));
    const began = performance.now();
    try {
      const { version, running } = await openServer(options, layout);
      const took = Math.round(performance.now() - began);
      const { host, port } = running.connection;
      options.logger.info("The embedded PostgreSQL %s runs at %s:%d, started in %d ms", version, host, port, took);
      return new EmbeddedServer(options, layout.dir, version, running);
    } catch (error) {
      throw asEmbeddedFailure(`The embedded PostgreSQL in ${layout.dir} could not be started`, error);
    }
  }

  /** Stops the server and waits until it has. Connections that are open are ended, their transactions undone. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    await this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    const began = performance.now();
    try {
      // First, so that nobody sets out for a server that is going.
      removeEmbeddedConnection(this.#dir);
    } finally {
      await this.#supervisor.stop();
      this.#programs.remove();
    }
    this.#logger.info("The embedded PostgreSQL has stopped, within %d ms", Math.round(performance.now() - began));
  }
}

async function openServer(
  options: EmbeddedServerOptions,
  layout: EmbeddedLayout,
): Promise<{ readonly version: string; readonly running: RunningServer }> {
  const postgres = findPostgresPackage();
  mkdirSync(layout.dir, { recursive: true, mode: 0o700 });
  const isNew = !hasData(layout);
  if (!isNew) checkDataVersion(layout, postgres.version);
  removeEmbeddedConnection(layout.dir);
  const programs = await preparePrograms(postgres, layout);
  try {
    await removeDrafts(layout);
    const password = await (isNew ? newData : presentData)(layout, programs, options);
    const running = await run({ options, layout, programs, password, isNew });
    return { version: postgres.version, running };
  } catch (error) {
    programs.remove();
    throw error;
  }
}

async function newData(
  layout: EmbeddedLayout,
  programs: PostgresPrograms,
  { logger }: EmbeddedServerOptions,
): Promise<string> {
  logger.info("The embedded PostgreSQL makes a new database in %s", layout.dataDir);
  const password = passwordForNewData(layout);
  await createData(layout, programs);
  return password;
}

async function presentData(
  layout: EmbeddedLayout,
  programs: PostgresPrograms,
  { logger, signal = new AbortController().signal }: EmbeddedServerOptions,
): Promise<string> {
  using lock = await takeDataFolder(layout, logger, signal);
  suitOwner(layout, programs.owner);
  return await passwordOfData(layout, programs, lock, logger);
}

interface RunInput {
  readonly options: EmbeddedServerOptions;
  readonly layout: EmbeddedLayout;
  readonly programs: PostgresPrograms;
  readonly password: string;
  /** Whether the data has just been made. */
  readonly isNew: boolean;
}

async function run(input: RunInput): Promise<RunningServer> {
  const { layout, programs, password, isNew } = input;
  const { address, start, server } = await startSomewhere(input, input.options.signal ?? new AbortController().signal);
  const connection = { ...hostAndPort(layout, address), user: ownerAccount, password, database: "peek" };
  try {
    await ensureDatabase(connection, isNew, layout.passwordFile);
    keepAddress(layout, address);
    writeEmbeddedConnection(layout.dir, connection);
  } catch (error) {
    await server.end();
    throw error;
  }
  return { server, connection, start, programs };
}

/** Starts the server, at another port when the one that was free has been taken meanwhile. */
async function startSomewhere(
  input: RunInput,
  signal: AbortSignal,
): Promise<{ readonly address: ServerAddress; readonly start: StartServer; readonly server: ServerProcess }> {
  for (let attempt = 1; ; attempt += 1) {
    const address = await chooseAddress(input.layout, attempt > 1);
    const start = starter(input, address);
    try {
      return { address, start, server: await start(signal) };
    } catch (error) {
      const another = address.kind === "port" && isFailure(error, "port-taken") && attempt < portAttempts;
      if (!another) throw error;
    }
  }
}

function starter({ options, layout, programs }: RunInput, address: ServerAddress): StartServer {
  const { logger, maxConnections, settings: further = {} } = options;
  const call = programs.call("postgres", serverArguments({ layout, address, maxConnections, further }));
  return (signal) => startServer(layout, { call, dataDir: layout.dataDir, logger }, signal);
}
