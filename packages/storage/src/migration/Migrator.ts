import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ClientBase } from "pg";
import type { ConnectionPool } from "../access/ConnectionPool.ts";
import type { LentClient } from "../access/LentClient.ts";
import { readApplied } from "../catalogue/readApplied.ts";
import type { Room } from "../catalogue/readCatalogue.ts";
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
   * @returns The names of those that were applied.
   * @throws PeekError `MIGRATION_…`, `MIGRATIONS_UNREADABLE` or `STORAGE_UNAVAILABLE`.
   */
  async migrate(
    plugin: StoragePlugin,
    room: Room,
    seen: readonly AppliedMigration[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const files = await readMigrations(plugin.migrationsDir);
    if (planMigrations(plugin.name, files, seen).length === 0) return [];
    return await this.#locked(plugin, signal, async (lent) => {
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
    });
  }

  /**
   * Tries what {@link migrate} would do, all in one transaction, and takes it back.
   *
   * @param makeRoom Makes the room where there is none yet, to be taken back too.
   */
  async rehearse(
    plugin: StoragePlugin,
    room: Room,
    makeRoom: (client: ClientBase) => Promise<void>,
    signal: AbortSignal,
  ): Promise<readonly RehearsedMigration[]> {
    const files = await readMigrations(plugin.migrationsDir);
    return await this.#locked(plugin, signal, async (lent) => {
      const pending = planMigrations(plugin.name, files, await readApplied(lent.client, plugin.name));
      const tried: { readonly name: string; readonly statements: string[] }[] = [];
      const run = new MigrationRun(lent, room, plugin.version, (sql) => tried.at(-1)?.statements.push(sql));
      if (pending.length > 0) await run.rehearse(pending, makeRoom, ({ name }) => tried.push({ name, statements: [] }));
      return tried;
    });
  }

  /**
   * Takes back the last migration of a plugin, or all after one.
   *
   * @param to The migration to go back to: its name, or its number; 0 for before the first. Default: the last but one.
   * @returns The names of those that were taken back, in that order.
   * @throws PeekError as {@link migrate}, `MIGRATION_NOT_REVERSIBLE`, or `USAGE` when there is no migration `to`.
   */
  async rollback(
    plugin: StoragePlugin,
    room: Room,
    to: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const files = await readMigrations(plugin.migrationsDir);
    return await this.#locked(plugin, signal, async (lent) => {
      const applied = await readApplied(lent.client, plugin.name);
      planMigrations(plugin.name, files, applied);
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

  async #locked<T>(plugin: StoragePlugin, signal: AbortSignal, work: (lent: LentClient) => Promise<T>): Promise<T> {
    // Not in the pool's queue, where nobody waits for long: another's migration may take an hour.
    return await this.#turns.take(() => this.#pool.use((lent) => this.#lockedOn(lent, plugin, signal, work)));
  }

  async #lockedOn<T>(
    lent: LentClient,
    plugin: StoragePlugin,
    signal: AbortSignal,
    work: (lent: LentClient) => Promise<T>,
  ): Promise<T> {
    const cutOff = (): void => void this.#cutOff(lent, plugin);
    signal.addEventListener("abort", cutOff, { once: true });
    try {
      signal.throwIfAborted();
      return await underMigrationLock(lent, plugin.name, this.#logger, () => work(lent));
    } finally {
      signal.removeEventListener("abort", cutOff);
    }
  }

  /** Ends a connection, so that the server takes back what was under way on it. */
  async #cutOff(lent: LentClient, { name }: StoragePlugin): Promise<void> {
    lent.giveUp(new PeekError("STORAGE_CLOSED", `The migration of ${name} was given up.`));
    const { client } = lent;
    try {
      // By itself, the server sees that nobody listens any more only when the statement is through.
      if ("processID" in client) {
        await this.#pool.use((other) => other.client.query("SELECT pg_terminate_backend($1)", [client.processID]));
      }
    } catch {
      // Then it sees it in the end.
    }
    await client.end().catch(() => undefined);
  }
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
