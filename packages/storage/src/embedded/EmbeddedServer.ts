import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Logger } from "@peek/plugin-base";
import {
  checkDataVersion,
  createData,
  hasData,
  ownerAccount,
  removeTemporaryFiles,
  changeOwner,
} from "./DataFolder.ts";
import { type EmbeddedConnection, removeEmbeddedConnection, writeEmbeddedConnection } from "./EmbeddedConnection.ts";
import { type EmbeddedLayout, embeddedLayout } from "./EmbeddedLayout.ts";
import { ensureDatabase } from "./ensureDatabase.ts";
import { asEmbeddedFailure, isFailure } from "./embeddedFailure.ts";
import { acquireDataFolder } from "./acquireDataFolder.ts";
import { passwordForNewData, passwordOfExistingData } from "./ownerPassword.ts";
import { findPostgresPackage } from "./PostgresPackage.ts";
import { type PostgresPrograms, preparePrograms } from "./PostgresPrograms.ts";
import { chooseAddress, hostAndPort, storeAddress } from "./serverAddress.ts";
import { type ServerLaunch, ServerProcess } from "./ServerProcess.ts";
import { type ServerAddress, serverArguments } from "./serverSettings.ts";
import { ServerSupervisor, type StartServer } from "./ServerSupervisor.ts";

const portAttempts = 5;

/** The options of an {@link EmbeddedServer}. */
export interface EmbeddedServerOptions {
  /** The folder of all its files. If it is missing, it is created with access for its owner only. */
  readonly dir: string;
  readonly logger: Logger;
  /** The maximum number of connections of accounts that are not superusers. */
  readonly maxConnections: number;
  /** Settings of PostgreSQL that override Peek's. Default: none. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Aborts the start, which takes long when the server has to recover. Default: none. */
  readonly signal?: AbortSignal;
}

/** A server that accepts connections, with the means to restart it. */
interface RunningServer {
  readonly server: ServerProcess;
  readonly connection: EmbeddedConnection;
  readonly start: StartServer;
  readonly programs: PostgresPrograms;
}

/**
 * A PostgreSQL server that belongs to one service: its files are in one folder, only this account on this machine can
 * connect, it ends with the service however that ends, and it is restarted if it dies before.
 *
 * The caller makes sure that no other process of Peek uses the folder.
 */
export class EmbeddedServer implements AsyncDisposable {
  readonly #dir: string;
  readonly #supervisor: ServerSupervisor;
  readonly #programs: PostgresPrograms;
  readonly #logger: Logger;
  #stopped: Promise<void> | undefined;

  /** Its address and account. They stay the same after a restart. */
  readonly connection: EmbeddedConnection;
  /** The version of PostgreSQL: `18.4`. */
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
   * Starts the server of a folder, and creates its database if there is none. Terminates the server first that a killed
   * service has left running there.
   *
   * @throws PeekError `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED`, `STORAGE_DATA_VERSION`; no process is
   *   left running, and the data is unchanged.
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

  /** Stops the server and waits until it has ended. Open connections are closed, their transactions rolled back. */
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
      // First, so that no other process begins to connect.
      removeEmbeddedConnection(this.#dir);
    } finally {
      await this.#supervisor.stop();
      this.#programs.remove();
    }
    this.#logger.info("The embedded PostgreSQL has stopped in %d ms", Math.round(performance.now() - began));
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
    await removeTemporaryFiles(layout);
    const password = await (isNew ? prepareNewData : prepareExistingData)(layout, programs, options);
    const running = await run({ options, layout, programs, password, isNew });
    return { version: postgres.version, running };
  } catch (error) {
    programs.remove();
    throw error;
  }
}

async function prepareNewData(
  layout: EmbeddedLayout,
  programs: PostgresPrograms,
  { logger }: EmbeddedServerOptions,
): Promise<string> {
  logger.info("The embedded PostgreSQL creates a new database in %s", layout.dataDir);
  const password = passwordForNewData(layout);
  await createData(layout, programs);
  return password;
}

async function prepareExistingData(
  layout: EmbeddedLayout,
  programs: PostgresPrograms,
  { logger, signal = new AbortController().signal }: EmbeddedServerOptions,
): Promise<string> {
  using lock = await acquireDataFolder(layout, logger, signal);
  changeOwner(layout, programs.owner);
  return await passwordOfExistingData(layout, programs, lock, logger);
}

interface StartInput {
  readonly options: EmbeddedServerOptions;
  readonly layout: EmbeddedLayout;
  readonly programs: PostgresPrograms;
  readonly password: string;
  /** Whether the data has just been created. */
  readonly isNew: boolean;
}

async function run(input: StartInput): Promise<RunningServer> {
  const { layout, programs, password, isNew } = input;
  const { address, start, server } = await startAtFreeAddress(
    input,
    input.options.signal ?? new AbortController().signal,
  );
  const connection = { ...hostAndPort(layout, address), user: ownerAccount, password, database: "peek" };
  try {
    await ensureDatabase(connection, isNew, layout.passwordFile);
    storeAddress(layout, address);
    writeEmbeddedConnection(layout.dir, connection);
  } catch (error) {
    await server.end();
    throw error;
  }
  return { server, connection, start, programs };
}

/** Starts the server, at another port if another program has taken the free one meanwhile. */
async function startAtFreeAddress(
  input: StartInput,
  signal: AbortSignal,
): Promise<{ readonly address: ServerAddress; readonly start: StartServer; readonly server: ServerProcess }> {
  for (let attempt = 1; ; attempt += 1) {
    const address = await chooseAddress(input.layout, attempt > 1);
    const start = starter(input, address);
    try {
      return { address, start, server: await start(signal) };
    } catch (error) {
      const isPortTaken = address.kind === "port" && isFailure(error, "port-taken") && attempt < portAttempts;
      if (!isPortTaken) throw error;
    }
  }
}

function starter({ options, layout, programs }: StartInput, address: ServerAddress): StartServer {
  const { logger, maxConnections, settings: overrides = {} } = options;
  const call = programs.call("postgres", serverArguments({ layout, address, maxConnections, overrides }));
  return (signal) => startServer(layout, { call, dataDir: layout.dataDir, logger }, signal);
}

/**
 * Starts a server on a folder whose previous server may just have died.
 *
 * @param signal Aborts the start.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED`; the signal's reason. No process is left running.
 */
async function startServer(
  layout: EmbeddedLayout,
  launch: Omit<ServerLaunch, "lock">,
  signal: AbortSignal,
): Promise<ServerProcess> {
  // Disposing it releases the lock only if no server process has inherited it.
  using lock = await acquireDataFolder(layout, launch.logger, signal);
  return await ServerProcess.start({ ...launch, lock }, signal);
}
