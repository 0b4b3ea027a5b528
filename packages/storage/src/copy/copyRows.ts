import { escapeIdentifier } from "pg";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import type { PluginSchema } from "../catalogue/readCatalogue.ts";
import { copyLedger } from "./copyLedger.ts";
import { copySequences } from "./copySequences.ts";
import { copyTable, type TableProgress } from "./copyTable.ts";
import { planViewRefresh } from "./planViewRefresh.ts";
import { qualified, readSchemaShape, requireSameSchema, type SchemaShape } from "./SchemaShape.ts";
import { suspendConstraints } from "./suspendConstraints.ts";

/** The options of {@link copyRows}. */
export interface CopyRowsOptions {
  /** The plugins' schemas; their names are the same on both sides. */
  readonly pluginSchemas: readonly Pick<PluginSchema, "plugin" | "schema">[];
  /** Runs work on a connection to the target that is logged in as a plugin. */
  readonly asPlugin: (plugin: string, work: (target: PooledConnection) => Promise<void>) => Promise<void>;
  /** Called after each table. */
  readonly onTable: (table: TableProgress) => void;
}

// Overrides limits of the server or the account. With row_security off, a policy that would hide rows is an error.
const settings = `
  SET LOCAL statement_timeout = 0;
  SET LOCAL lock_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0;
  SET LOCAL row_security = off;
  SET LOCAL lc_monetary = 'C';
`;

/**
 * Copies all rows of some plugins' schemas to another database, and the ledger of their actions, as of one snapshot. The
 * schemas exist there already, created by the same migrations. Each is filled in a transaction of its own, since a
 * transaction with a thousand tables needs more locks than a server has by default.
 *
 * @param target A connection of the account that owns the database.
 * @throws PeekError `STORAGE_COPY_REFUSED`, or as the server that failed. The caller then has to close both connections
 *   and remove the target's schemas: some may be filled.
 */
export async function copyRows(
  source: PooledConnection,
  target: PooledConnection,
  options: CopyRowsOptions,
): Promise<void> {
  const { pluginSchemas, asPlugin, onTable } = options;
  const schemas = pluginSchemas.map(({ schema }) => schema);
  await source.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${settings}`);
  const shape = await readSchemaShape(source, schemas);
  requireSameSchema(shape, await readSchemaShape(target, schemas));
  for (const { plugin, schema } of pluginSchemas) {
    await asPlugin(plugin, (connection) => copySchema(source, connection, schema, shape, onTable));
  }
  await copyLedger(source, target, { plugins: pluginSchemas.map(({ plugin }) => plugin), onTable, settings });
  await source.query("COMMIT");
}

/**
 * Copies one schema. Code of the plugin runs while rows are inserted: functions in checks, computed columns and indexes.
 *
 * @param target A connection that is logged in as the plugin: its functions could undo a SET ROLE.
 */
async function copySchema(
  source: PooledConnection,
  target: PooledConnection,
  schema: string,
  shape: SchemaShape,
  onTable: (table: TableProgress) => void,
): Promise<void> {
  const tables = shape.tables.filter((table) => table.schema === schema);
  const names = tables.map(qualified);
  // Deferred constraints with pending checks would prevent the tables from being altered.
  await target.query(`BEGIN; ${settings} SET LOCAL search_path TO pg_catalog; SET CONSTRAINTS ALL IMMEDIATE`);
  const restore = await suspendConstraints(target, schema);
  const refresh = await planViewRefresh(source, target, schema);
  // On the source no code of the plugin runs: COPY of a table only reads.
  await target.query(`SET LOCAL search_path TO ${escapeIdentifier(schema)}`);
  // The migrations may have inserted rows.
  if (names.length > 0) await target.query(`TRUNCATE ${names.join(", ")}`);
  for (const table of tables) onTable({ ...table, ...(await copyTable(source, target, table)) });
  await restore();
  await copySequences(
    source,
    target,
    shape.sequences.filter((sequence) => sequence.schema === schema),
  );
  for (const statement of refresh) await target.query(statement);
  if (names.length > 0) await target.query(`ANALYZE ${names.join(", ")}`);
  await target.query("COMMIT");
}
