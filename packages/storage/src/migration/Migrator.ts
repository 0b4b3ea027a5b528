import { setTimeout as wait } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type ClientBase, DatabaseError } from "pg";
import type { ConnectionPool } from "../access/ConnectionPool.ts";
import type { LentClient } from "../access/LentClient.ts";
import { readApplied } from "../catalogue/readApplied.ts";
import { type Catalogue, readCatalogue, type Room } from "../catalogue/readCatalogue.ts";
import type { StoragePlugin } from "../StoragePlugin.ts";
import type { MigrationFile } from "./MigrationFile.ts";
import { underMigrationLock } from "./MigrationLock.ts";
import { MigrationRun } from "./MigrationRun.ts";
import { type AppliedMigration, planMigrations } from "./planMigrations.ts";
import { Turns } from "./Turns.ts";
import { readMigrations } from "./readMigrations.ts";

/** A migration that was only tried. */
export interface RehearsedMigration {
  readonly name: string;
  /** What it ran, in order. */
  readonly statements: readonly string[];
}

/** How long the end of what was given up is waited for; milliseconds. */
const cutOffMs = 2000;

/** What is taken back, and how. */
export interface RollbackOptions {
  /** The migration to go back to: its name, or its number; 0 for before the first. Default: the last but one. */
  readonly to?: string | undefined;
  /** Whether migrations that were edited since are taken back too, by the down() that they have now. Default: false. */
  readonly edited?: boolean;
}

/** Brings the plugins' schemas to where their packages expect them. */
export class Migrator {
  readonly #pool: ConnectionPool;
  readonly #logger: Logger;
  readonly #turns: Turns;

  /**
   * @param pool Connections of the account that owns the database.
   * @param atATime How many plugins are migrated side by side: fewer than the pool has connections.
   */
  constructor(pool: ConnectionPool, atATime: number, logger: Logger) {
    this.#pool = pool;
    this.#logger = logger;
    this.#turns = new Turns(atATime);
  }

  /**
   * Applies what a plugin's package has and the database has not. Where that is nothing, the database is not asked.
   *
   * @param seen What the database had when it was last looked at.
   * @param signal Gives up what is under way; the migration in the middle of which that is leaves nothing behind.
   * @param onTurn Called when no other plugin is waited for any longer.
   * @returns The names of those that were applied.
   * @throws PeekError `MIGRATION_…`, `MIGRATIONS_UNREADABLE` or `STORAGE_UNAVAILABLE`.
   */
  async migrate(
    plugin: StoragePlugin,
    room: Room,
    seen: readonly AppliedMigration[],
    signal: AbortSignal,
    onTurn?: () => void,
  ): Promise<readonly string[]> {
    const files = await readMigrations(plugin.migrationsDir);
    if (planMigrations(plugin.name, files, seen).length === 0) return [];
    const work = async (lent: LentClient): Promise<readonly string[]> => {
      const pending = planMigrations(plugin.name, files, await readApplied(lent.client, plugin.name));
      const run = new MigrationRun(lent, room, plugin.version);
      for (const file of pending) {
        const began = performance.now();
        await run.apply(file);
        this.#logger.info(
          "%s: migration %s applied in %d ms",
          plugin.name,
          file.name,
          Math.round(performance.now() - began),
        );
      }
      return pending.map(({ name }) => name);
    };
    return await this.#locked(plugin, signal, work, onTurn);
  }

  /**
   * Tries what {@link migrate} would do, all in one transaction, and takes it back.
   *
   * @param roomIn The room that the plugin has by what is recorded, or would be given.
   * @param makeRoom Makes the room where there is none yet, to be taken back too.
   */
  async rehearse(
    plugin: StoragePlugin,
    roomIn: (catalogue: Catalogue | undefined) => Room,
    makeRoom: (client: ClientBase) => Promise<void>,
    signal: AbortSignal,
  ): Promise<readonly RehearsedMigration[]> {
    const files = await readMigrations(plugin.migrationsDir);
    return await this.#locked(plugin, signal, async (lent) => {
      // Which may be nothing at all, in a database that Peek has never used.
      const catalogue = await readCatalogue(lent.client);
      const pending = planMigrations(plugin.name, files, catalogue?.applied.get(plugin.name) ?? []);
      const room = roomIn(catalogue);
      if (room.complete && pending.length === 0) return [];
      const tried: { readonly name: string; readonly statements: string[] }[] = [];
      const run = new MigrationRun(lent, room, plugin.version, (sql) => tried.at(-1)?.statements.push(sql));
      // While a room is made, nobody else can make any, which is until the rehearsal ends.
      const prepare = async (client: ClientBase): Promise<void> => {
        if (!room.complete) await makeRoom(client);
      };
      await run.rehearse(pending, prepare, ({ name }) => tried.push({ name, statements: [] }));
      return tried;
    });
  }

  /**
   * Takes back the last migration of a plugin, or all after one.
   *
   * @returns The names of those that were taken back, in that order.
   * @throws PeekError as {@link migrate}, `MIGRATION_NOT_REVERSIBLE`, or `USAGE` when there is no migration `to`.
   */
  async rollback(
    plugin: StoragePlugin,
    room: Room,
    { to, edited = false }: RollbackOptions,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const files = await readMigrations(plugin.migrationsDir);
    return await this.#locked(plugin, signal, async (lent) => {
      const applied = await readApplied(lent.client, plugin.name);
      // Whatever else a file says now than what was applied: that one is there has to be so.
      const same = edited ? applied.map((each) => ({ ...each, checksum: checksumIn(files, each) })) : applied;
      planMigrations(plugin.name, files, same);
      const names = new Set(applied.map(({ name }) => name));
      const there = files.filter(({ name }) => names.has(name));
      const run = new MigrationRun(lent, room, plugin.version);
      const reverted = there.slice(keptCount(plugin.name, there, to)).toReversed();
      for (const file of reverted) {
        await run.revert(file);
        this.#logger.info("%s: migration %s taken back", plugin.name, file.name);
      }
      return reverted.map(({ name }) => name);
    });
  }

  async #locked<T>(
    plugin: StoragePlugin,
    signal: AbortSignal,
    work: (lent: LentClient) => Promise<T>,
    onTurn?: () => void,
  ): Promise<T> {
    // Not in the pool's queue, where nobody waits for long: another's migration may take an hour.
    return await this.#turns.take(async () => {
      onTurn?.();
      return await this.#onOwnConnection((lent) => this.#lockedOn(lent, plugin, signal, work));
    }, signal);
  }

  /** Nothing that a plugin's migrations leave in their session reaches another plugin's, or the platform's work. */
  async #onOwnConnection<T>(work: (lent: LentClient) => Promise<T>): Promise<T> {
    const lent = await this.#pool.acquire();
    try {
      return await work(lent);
    } catch (error) {
      if (PeekError.is(error)) throw error;
      throw error instanceof DatabaseError || lent.lost !== undefined ? lent.explain(error, "") : error;
    } finally {
      this.#pool.release(lent, true);
    }
  }

  /** What is given up is not waited for: a migration whose promise never settles keeps nobody. */
  async #lockedOn<T>(
    lent: LentClient,
    plugin: StoragePlugin,
    signal: AbortSignal,
    work: (lent: LentClient) => Promise<T>,
  ): Promise<T> {
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    let cut: Promise<void> | undefined;
    const giveUp = (): void => {
      const why = new PeekError("STORAGE_CLOSED", `The migration of ${plugin.name} was given up.`);
      cut = this.#cutOff(lent, why);
      reject(why);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      signal.throwIfAborted();
      return await Promise.race([givenUp, underMigrationLock(lent, plugin.name, this.#logger, () => work(lent))]);
    } finally {
      signal.removeEventListener("abort", giveUp);
      await cut;
    }
  }

  /** Ends a connection, and has the server take back what is under way on it. */
  async #cutOff(lent: LentClient, why: PeekError): Promise<void> {
    const { client } = lent;
    lent.giveUp(why);
    client.connection.stream.destroy();
    // By itself, the server sees that nobody listens any more only when the statement is through.
    if ("processID" in client) {
      await Promise.race([this.#terminate(client.processID), wait(cutOffMs, undefined, { ref: false })]);
    }
  }

  async #terminate(processId: unknown): Promise<void> {
    try {
      await this.#pool.use(({ client }) => client.query("SELECT pg_terminate_backend($1)", [processId]));
    } catch {
      // Then it sees it in the end.
    }
  }
}

/** The checksum that an applied migration's file has now. */
function checksumIn(files: readonly MigrationFile[], { name, checksum }: AppliedMigration): string {
  return files.find((file) => file.name === name)?.checksum ?? checksum;
}

/** How many of a plugin's migrations stay. */
function keptCount(plugin: string, there: readonly MigrationFile[], to: string | undefined): number {
  if (to === undefined) return Math.max(0, there.length - 1);
  if (/^0+$/.test(to)) return 0;
  const at = there.findIndex(({ name, number }) => name === to || (/^\d+$/.test(to) && number === BigInt(to)));
  if (at >= 0) return at + 1;
  throw new PeekError(
    "USAGE",
    `${plugin} has no applied migration ${to}. Those it has: ${there.map(({ name }) => name).join(", ")}.`,
  );
}
