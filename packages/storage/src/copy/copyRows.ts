import { escapeIdentifier } from "pg";
import type { LentClient } from "../access/LentClient.ts";
import type { Room } from "../catalogue/readCatalogue.ts";
import { copyLedger } from "./copyLedger.ts";
import { copySequences } from "./copySequences.ts";
import { type CopiedAmount, copyTable } from "./copyTable.ts";
import { planRefresh } from "./planRefresh.ts";
import { type CopiedTable, qualified, readSchemaShape, requireSameShape, type SchemaShape } from "./SchemaShape.ts";
import { setAside } from "./setAside.ts";

/** A table that has been copied. */
export interface TableProgress extends CopiedTable, CopiedAmount {}

/** What is copied, and how it is told of. */
export interface CopyRowsOptions {
  /** Those of the target; the schemas' names are the same on both sides. */
  readonly rooms: readonly Pick<Room, "plugin" | "schema">[];
  /** Lends a connection to the target on which a plugin is logged in. */
  readonly asPlugin: (plugin: string, work: (target: LentClient) => Promise<void>) => Promise<void>;
  readonly onTable: (table: TableProgress) => void;
}

// A server or an account may have limits of its own. With row_security off, a policy that would hide rows is an error.
const settings = `
  SET LOCAL statement_timeout = 0;
  SET LOCAL lock_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0;
  SET LOCAL row_security = off;
  SET LOCAL lc_monetary = 'C';
`;

/**
 * Copies all rows of some plugins' schemas into those of another database, as they are at one moment, and which of their
 * actions were executed. The schemas are there already, as the same migrations made them; each is filled in a
 * transaction of its own, since one for a thousand tables is more than a server has locks for by default.
 *
 * @param target A connection of the account that owns the database.
 * @throws PeekError `STORAGE_COPY_REFUSED`, or as the server that failed. Both connections are to be closed then, and
 *   the target's schemas removed: some may be filled.
 */
export async function copyRows(source: LentClient, target: LentClient, options: CopyRowsOptions): Promise<void> {
  const { rooms, asPlugin, onTable } = options;
  const schemas = rooms.map(({ schema }) => schema);
  await source.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${settings}`);
  const shape = await readSchemaShape(source, schemas);
  requireSameShape(shape, await readSchemaShape(target, schemas));
  for (const { plugin, schema } of rooms) {
    await asPlugin(plugin, (lent) => copySchema(source, lent, schema, shape, onTable));
  }
  await copyLedger(source, target, { plugins: rooms.map(({ plugin }) => plugin), onTable, settings });
  await source.query("COMMIT");
}

/**
 * What the plugin has written runs while rows come in: functions of its checks, of computed columns, of indexes.
 *
 * @param target A connection on which the plugin is logged in: a role that is only set could be left by its functions.
 */
async function copySchema(
  source: LentClient,
  target: LentClient,
  schema: string,
  shape: SchemaShape,
  onTable: (table: TableProgress) => void,
): Promise<void> {
  const tables = shape.tables.filter((table) => table.schema === schema);
  const names = tables.map(qualified);
  // What is checked only at the end would keep tables from being altered before.
  await target.query(`BEGIN; ${settings} SET LOCAL search_path TO pg_catalog; SET CONSTRAINTS ALL IMMEDIATE`);
  const putBack = await setAside(target, schema);
  const refresh = await planRefresh(source, target, schema);
  // Nothing of the plugin's runs on the source: COPY of a table only reads.
  await target.query(`SET LOCAL search_path TO ${escapeIdentifier(schema)}`);
  // The migrations may have put rows in.
  if (names.length > 0) await target.query(`TRUNCATE ${names.join(", ")}`);
  for (const table of tables) onTable({ ...table, ...(await copyTable(source, target, table)) });
  await putBack();
  await copySequences(
    source,
    target,
    shape.sequences.filter((sequence) => sequence.schema === schema),
  );
  for (const statement of refresh) await target.query(statement);
  if (names.length > 0) await target.query(`ANALYZE ${names.join(", ")}`);
  await target.query("COMMIT");
}
