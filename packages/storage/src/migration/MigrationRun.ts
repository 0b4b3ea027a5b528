import { setImmediate as turn } from "node:timers/promises";
import { ExitCode, messageOf, PeekError } from "@peek/errors";
import type { Migration, MigrationDatabase, MigrationTables } from "@peek/plugin-base/storage";
import { Kysely } from "kysely";
import { type ClientBase, escapeIdentifier, escapeLiteral } from "pg";
import type { Room } from "../catalogue/readCatalogue.ts";
import type { LentClient } from "../access/LentClient.ts";
import { type OnStatement, PgDialect } from "../access/PgDialect.ts";
import { assumeRoomSql, leaveRoomSql } from "../room/assumeRoomSql.ts";
import { importMigration } from "./importMigration.ts";
import type { MigrationFile } from "./MigrationFile.ts";

/**
 * Runs single migrations on one connection of the owner of the database, each in a transaction of its own, in the role
 * and the schema of the plugin.
 */
export class MigrationRun {
  readonly #lent: LentClient;
  readonly #room: Room;
  readonly #pluginVersion: string;
  readonly #onStatement: OnStatement | undefined;

  constructor(lent: LentClient, room: Room, pluginVersion: string, onStatement?: OnStatement) {
    this.#lent = lent;
    this.#room = room;
    this.#pluginVersion = pluginVersion;
    this.#onStatement = onStatement;
  }

  /** @throws PeekError `MIGRATION_FAILED` or `MIGRATIONS_UNREADABLE`; the schema is then as it was. */
  async apply(file: MigrationFile): Promise<void> {
    const migration = await importMigration(file);
    await this.#orRollBack(() => this.#up(file, migration, beginClean(this.#lent), "COMMIT"));
  }

  /**
   * Tries migrations one after the other, and takes all of it back.
   *
   * @param prepare What comes before them and is taken back too, on the same connection.
   * @param onFile Told of each before it is tried.
   * @throws PeekError as {@link apply}, and what `prepare` throws.
   */
  async rehearse(
    files: readonly MigrationFile[],
    prepare: (client: ClientBase) => Promise<void>,
    onFile: (file: MigrationFile) => void,
  ): Promise<void> {
    await this.#orRollBack(async () => {
      await this.#lent.query("BEGIN");
      await prepare(this.#lent.client);
      for (const [index, file] of files.entries()) {
        onFile(file);
        // What the one before has put off was done with, which holds for the rest of a transaction.
        const before =
          index === 0 ? cleanSession(this.#lent) : `${cleanSession(this.#lent)} SET CONSTRAINTS ALL DEFERRED;`;
        await this.#up(file, await importMigration(file), before, "");
      }
      await this.#lent.query("ROLLBACK");
    });
  }

  /** @throws PeekError `MIGRATION_NOT_REVERSIBLE`, or as {@link apply}. */
  async revert(file: MigrationFile): Promise<void> {
    const migration = await importMigration(file);
    const { plugin } = this.#room;
    if (migration.down === undefined) {
      throw new PeekError(
        "MIGRATION_NOT_REVERSIBLE",
        `The migration ${file.name} of ${plugin} has no down(). Restore a backup, or write the way back as a new migration.`,
        { fields: { plugin, migration: file.name } },
      );
    }
    const forget = `DELETE FROM peek_platform.migration WHERE plugin = ${escapeLiteral(plugin)} AND number = ${file.number};`;
    const step = async (db: MigrationDatabase): Promise<void> => await migration.down?.(db);
    await this.#orRollBack(() => this.#run(file, "down", step, beginClean(this.#lent), () => `${forget} COMMIT`));
  }

  /** @param before What begins the transaction, and `after` what ends it; nothing within one that goes on. */
  async #up(file: MigrationFile, migration: Migration, before: string, after: string): Promise<void> {
    const began = performance.now();
    const values = [this.#room.plugin, file.number.toString(), file.name, file.checksum, this.#pluginVersion];
    const record = (): string =>
      `INSERT INTO peek_platform.migration (plugin, number, name, checksum, plugin_version, duration_ms)
       VALUES (${values.map((value) => escapeLiteral(value)).join(", ")}, ${Math.round(performance.now() - began)});`;
    await this.#run(
      file,
      "up",
      (db) => migration.up(db),
      before,
      () => `${record()} ${after}`,
    );
  }

  /** What comes before a step and after it is sent as one message each: a thousand migrations are ten thousand. */
  async #run(
    file: MigrationFile,
    way: "up" | "down",
    step: (db: MigrationDatabase) => Promise<void>,
    before: string,
    after: () => string,
  ): Promise<void> {
    await this.#lent.query(`${before} SET LOCAL ${mark} TO 'on'; ${assumeRoomSql(this.#room)}`);
    const source = new MigrationConnection(this.#lent);
    const onStatement = this.#onStatement;
    const db = new Kysely<MigrationTables>({ dialect: new PgDialect(source, { transactions: false, onStatement }) });
    try {
      await step(db);
      // A query that is not awaited has begun by then.
      await turn();
      source.close();
      if (this.#lent.running > 0) {
        throw new Error("it returned while queries of its own were running. Await each of them");
      }
      await this.#finish(after());
    } catch (error) {
      source.close();
      throw failed(this.#room.plugin, file, way, error);
    }
  }

  /** What the migration has put off is done as its own doing, before the platform records it as the owner. */
  async #finish(after: string): Promise<void> {
    const { role, schema } = this.#room;
    const sql = `
      ${requireUnchanged(role)}
      SET LOCAL search_path TO ${escapeIdentifier(schema)};
      SET CONSTRAINTS ALL IMMEDIATE;
      ${leaveRoomSql}
      ${after}`;
    try {
      await this.#lent.client.query(sql);
    } catch (error) {
      // Not with the statement, which is not the migration's.
      throw this.#lent.explain(error, "");
    }
  }

  async #orRollBack(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#lent.lost === undefined) await this.#lent.query("ROLLBACK");
      throw error;
    }
  }
}

/** The one connection of a migration, as long as it runs. */
class MigrationConnection {
  readonly #lent: LentClient;
  #open = true;

  constructor(lent: LentClient) {
    this.#lent = lent;
  }

  async acquire(): Promise<LentClient> {
    if (!this.#open) {
      throw new PeekError("STORAGE_CLOSED", "A migration ran a query after it had returned. Await every query in it.");
    }
    return this.#lent;
  }

  release(): void {
    // It is the migration's until that ends.
  }

  /** From now on it has none. */
  close(): void {
    this.#open = false;
  }
}

/** A setting that a migration's transaction has, and that is gone with it. */
const mark = "peek.migration";
/** The code of the error when it is gone: the migration has ended its transaction, whether it began another or not. */
const endedState = "PK001";
/** The code of the error when it is there, but the migration has another role than it was given. */
const otherRoleState = "PK002";

/** @param role What the migration was given; undefined where that is the account's own, which a reset gives. */
function requireUnchanged(role: string | undefined): string {
  const [reset, given] = role === undefined ? ["RESET ROLE;", "current_user"] : ["", escapeLiteral(role)];
  return `
    DO $peek$ DECLARE own name := current_user; BEGIN
      IF current_setting('${mark}', true) IS DISTINCT FROM 'on' THEN RAISE EXCEPTION SQLSTATE '${endedState}'; END IF;
      ${reset}
      IF own <> ${given} THEN RAISE EXCEPTION SQLSTATE '${otherRoleState}'; END IF;
    END $peek$;`;
}

/** Takes back what a migration may leave in its session; what is the connection's own stays, such as its locks. */
function cleanSession({ sessionSql }: LentClient): string {
  return `
    RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; ${sessionSql}
    CLOSE ALL; UNLISTEN *; DEALLOCATE ALL; DISCARD TEMP; DISCARD SEQUENCES;`;
}

/** In a transaction before its own, which could otherwise not be given an isolation level any more. */
function beginClean(lent: LentClient): string {
  return `BEGIN READ WRITE; ${cleanSession(lent)} COMMIT; BEGIN;`;
}

const mistakes: ReadonlyMap<unknown, string> = new Map([
  [endedState, "it ended the transaction that it runs in. Leave COMMIT and ROLLBACK to the platform"],
  [otherRoleState, "it changed the role that it runs in. Leave SET ROLE and RESET ROLE to the platform"],
]);

function failed(plugin: string, { name, file }: MigrationFile, way: "up" | "down", thrown: unknown): PeekError {
  // A database that went away is not the migration's fault.
  if (PeekError.is(thrown) && thrown.exitCode === ExitCode.unavailable) return thrown;
  const sqlState = PeekError.is(thrown) ? thrown.fields["sqlState"] : undefined;
  const what = mistakes.get(sqlState) ?? messageOf(thrown).replace(/\.$/, "");
  const outcome =
    sqlState === endedState
      ? "What it committed itself is in the schema, and has to be taken back by hand."
      : "The schema is as it was before it.";
  return new PeekError(
    "MIGRATION_FAILED",
    `${way}() of the migration ${name} of ${plugin} failed: ${what}. ${outcome} (${file})`,
    {
      cause: thrown,
      fields: { plugin, migration: name, ...(sqlState !== undefined && { sqlState }) },
    },
  );
}
