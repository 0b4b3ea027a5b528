import { setImmediate as nextImmediate } from "node:timers/promises";
import { ExitCode, messageOf, PeekError } from "@peek/errors";
import type { Migration, MigrationDatabase, MigrationTables } from "@peek/plugin-base/storage";
import { Kysely } from "kysely";
import { type ClientBase, escapeIdentifier, escapeLiteral } from "pg";
import type { PluginSchema } from "../catalogue/readCatalogue.ts";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { type OnStatement, PgDialect } from "../query/PgDialect.ts";
import { assumeRoleSql, resetRoleSql } from "../provisioning/assumeRoleSql.ts";
import { importMigration } from "./importMigration.ts";
import type { MigrationFile } from "./readMigrations.ts";

/**
 * Runs migrations on one connection of the account that owns the database, each in its own transaction, with the role and
 * the search path of the plugin.
 */
export class MigrationExecutor {
  readonly #connection: PooledConnection;
  readonly #pluginSchema: PluginSchema;
  readonly #pluginVersion: string;
  readonly #onStatement: OnStatement | undefined;

  constructor(
    connection: PooledConnection,
    pluginSchema: PluginSchema,
    pluginVersion: string,
    onStatement?: OnStatement,
  ) {
    this.#connection = connection;
    this.#pluginSchema = pluginSchema;
    this.#pluginVersion = pluginVersion;
    this.#onStatement = onStatement;
  }

  /** @throws PeekError `MIGRATION_FAILED` or `MIGRATIONS_UNREADABLE`; the schema is then unchanged. */
  async apply(file: MigrationFile): Promise<void> {
    const migration = await importMigration(file);
    await this.#withRollback(() => this.#up(file, migration, beginAfterReset(this.#connection), "COMMIT"));
  }

  /**
   * Runs migrations one after the other in a transaction that is rolled back.
   *
   * @param prepare Runs before them in the same transaction.
   * @param onMigration Called before each migration.
   * @param lockTimeoutMs How long a statement may wait for a lock. Default: without limit.
   * @throws PeekError as {@link apply}, and what `prepare` throws.
   */
  async dryRun(
    files: readonly MigrationFile[],
    prepare: (client: ClientBase) => Promise<void>,
    onMigration: (file: MigrationFile, migration: Migration) => void,
    lockTimeoutMs = 0,
  ): Promise<void> {
    const resetSql = `${resetSessionSql(this.#connection)} SET LOCAL lock_timeout = ${lockTimeoutMs};`;
    await this.#withRollback(async () => {
      await this.#connection.query("BEGIN");
      await prepare(this.#connection.client);
      for (const [index, file] of files.entries()) {
        const migration = await importMigration(file);
        onMigration(file, migration);
        // The migration before has ended with SET CONSTRAINTS ALL IMMEDIATE, which lasts until the end of the transaction.
        const before = index === 0 ? resetSql : `${resetSql} SET CONSTRAINTS ALL DEFERRED;`;
        await this.#up(file, migration, before, "");
      }
      await this.#connection.query("ROLLBACK");
    });
  }

  /** @throws PeekError `MIGRATION_NOT_REVERSIBLE`, or as {@link apply}. */
  async revert(file: MigrationFile): Promise<void> {
    const migration = await importMigration(file);
    const { plugin } = this.#pluginSchema;
    if (migration.down === undefined) {
      throw new PeekError(
        "MIGRATION_NOT_REVERSIBLE",
        `The migration ${file.name} of ${plugin} has no down(). Restore a backup, or revert the change in a new migration.`,
        { fields: { plugin, migration: file.name } },
      );
    }
    const forget = `DELETE FROM peek_platform.migration WHERE plugin = ${escapeLiteral(plugin)} AND number = ${file.number};`;
    const step = async (db: MigrationDatabase): Promise<void> => await migration.down?.(db);
    await this.#withRollback(() =>
      this.#run(file, "down", step, beginAfterReset(this.#connection), () => `${forget} COMMIT`),
    );
  }

  /** @param before SQL that begins the transaction. @param after SQL that ends it; empty within a transaction that continues. */
  async #up(file: MigrationFile, migration: Migration, before: string, after: string): Promise<void> {
    const began = performance.now();
    const values = [this.#pluginSchema.plugin, file.number.toString(), file.name, file.checksum, this.#pluginVersion];
    const record = (): string =>
      `INSERT INTO peek_platform.migration (plugin, number, name, checksum, plugin_version, duration_ms, allows_older)
       VALUES (${values.map((value) => escapeLiteral(value)).join(", ")}, ${Math.round(performance.now() - began)}, ${migration.down !== undefined});`;
    await this.#run(
      file,
      "up",
      (db) => migration.up(db),
      before,
      () => `${record()} ${after}`,
    );
  }

  /** The statements before and after a step are sent in one message each, since a plugin may have a thousand migrations. */
  async #run(
    file: MigrationFile,
    direction: "up" | "down",
    step: (db: MigrationDatabase) => Promise<void>,
    before: string,
    after: () => string,
  ): Promise<void> {
    await this.#connection.query(
      `${before} SET LOCAL ${transactionMark} TO 'on'; ${assumeRoleSql(this.#pluginSchema)}`,
    );
    const source = new MigrationConnection(this.#connection);
    const onStatement = this.#onStatement;
    const db = new Kysely<MigrationTables>({ dialect: new PgDialect(source, { transactions: false, onStatement }) });
    try {
      await step(db);
      // After this, a query that was not awaited is running.
      await nextImmediate();
      source.close();
      if (this.#connection.running > 0) {
        throw new Error("it returned while its queries were running. Await each query");
      }
      await this.#finish(after());
    } catch (error) {
      source.close();
      throw migrationFailed(this.#pluginSchema.plugin, file, direction, error);
    }
  }

  /** Checks the deferred constraints with the rights of the plugin, before the platform records the migration as the owner. */
  async #finish(after: string): Promise<void> {
    const { role, schema } = this.#pluginSchema;
    const sql = `
      ${requireSameTransactionAndRole(role)}
      SET LOCAL search_path TO ${escapeIdentifier(schema)};
      SET CONSTRAINTS ALL IMMEDIATE;
      ${resetRoleSql}
      ${after}`;
    try {
      await this.#connection.client.query(sql);
    } catch (error) {
      // Without the statement, which is the platform's.
      throw this.#connection.explain(error, "");
    }
  }

  async #withRollback(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#connection.lost === undefined) await this.#connection.query("ROLLBACK");
      throw error;
    }
  }
}

/** The connection source of a migration: one connection, until the migration has returned. */
class MigrationConnection {
  readonly #connection: PooledConnection;
  #open = true;

  constructor(connection: PooledConnection) {
    this.#connection = connection;
  }

  async acquire(): Promise<PooledConnection> {
    if (!this.#open) {
      throw new PeekError("STORAGE_CLOSED", "A migration ran a query after it had returned. Await every query in it.");
    }
    return this.#connection;
  }

  release(): void {
    // The migration keeps it until it ends.
  }

  /** Refuses further queries. */
  close(): void {
    this.#open = false;
  }
}

/** A setting of the migration's transaction, by which the platform sees whether it is still the same one. */
const transactionMark = "peek.migration";
/** The error code when the setting is gone: the migration has ended its transaction. */
const endedState = "PK001";
/** The error code when the migration has changed its role. */
const otherRoleState = "PK002";

/** @param role The migration's role; undefined where it runs with the role of the account. */
function requireSameTransactionAndRole(role: string | undefined): string {
  const [reset, given] = role === undefined ? ["RESET ROLE;", "current_user"] : ["", escapeLiteral(role)];
  return `
    DO $peek$ DECLARE own name := current_user; BEGIN
      IF current_setting('${transactionMark}', true) IS DISTINCT FROM 'on' THEN RAISE EXCEPTION SQLSTATE '${endedState}'; END IF;
      ${reset}
      IF own <> ${given} THEN RAISE EXCEPTION SQLSTATE '${otherRoleState}'; END IF;
    END $peek$;`;
}

/** SQL that resets what a migration may leave in its session. The connection's locks stay. */
function resetSessionSql({ sessionSql }: PooledConnection): string {
  return `
    RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; ${sessionSql}
    CLOSE ALL; UNLISTEN *; DEALLOCATE ALL; DISCARD TEMP; DISCARD SEQUENCES;`;
}

/** Resets in a transaction before the migration's own, so that the migration can still set an isolation level. */
function beginAfterReset(connection: PooledConnection): string {
  return `BEGIN READ WRITE; ${resetSessionSql(connection)} COMMIT; BEGIN;`;
}

const mistakes: ReadonlyMap<unknown, string> = new Map([
  [endedState, "it ended its transaction. Remove COMMIT and ROLLBACK: the platform runs them"],
  [otherRoleState, "it changed its role. Remove SET ROLE and RESET ROLE: the platform sets the role"],
  // lock_not_available
  ["55P03", "it waited too long for a table that is in use. Try it again when the plugin has less work"],
]);

function migrationFailed(
  plugin: string,
  { name, file }: MigrationFile,
  direction: "up" | "down",
  thrown: unknown,
): PeekError {
  // The loss of the database is no failure of the migration.
  if (PeekError.is(thrown) && thrown.exitCode === ExitCode.unavailable) return thrown;
  const sqlState = PeekError.is(thrown) ? thrown.fields["sqlState"] : undefined;
  const reason = mistakes.get(sqlState) ?? messageOf(thrown).replace(/\.$/, "");
  const outcome =
    sqlState === endedState
      ? "Changes that it committed itself are in the schema: revert them by hand."
      : "The schema is unchanged.";
  return new PeekError(
    "MIGRATION_FAILED",
    `${direction}() of the migration ${name} of ${plugin} failed: ${reason}. ${outcome} (${file})`,
    {
      cause: thrown,
      fields: { plugin, migration: name, ...(sqlState !== undefined && { sqlState }) },
    },
  );
}
