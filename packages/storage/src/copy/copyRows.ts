import type { LentClient } from "../access/LentClient.ts";
import { copySequences } from "./copySequences.ts";
import { type CopiedAmount, copyTable } from "./copyTable.ts";
import { refreshViews } from "./refreshViews.ts";
import { type CopiedTable, qualified, readSchemaShape, requireSameShape, type SchemaShape } from "./SchemaShape.ts";
import { setAside } from "./setAside.ts";

/** A table that has been copied. */
export interface TableProgress extends CopiedTable, CopiedAmount {}

/** What is copied, and how it is told of. */
export interface CopyRowsOptions {
  /** Their names are the same on both sides. */
  readonly schemas: readonly string[];
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
 * Copies all rows of some schemas into those of another database, as they are at one moment. The schemas are there
 * already, as the same migrations made them; each is filled in a transaction of its own, since one for a thousand
 * tables is more than a server has locks for by default.
 *
 * @throws PeekError `STORAGE_COPY_REFUSED`, or as the server that failed. Both connections are to be closed then, and
 *   the target's schemas removed: some may be filled.
 */
export async function copyRows(source: LentClient, target: LentClient, options: CopyRowsOptions): Promise<void> {
  const { schemas, onTable } = options;
  await source.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${settings}`);
  const shape = await readSchemaShape(source, schemas);
  requireSameShape(shape, await readSchemaShape(target, schemas));
  for (const schema of schemas) await copySchema(source, target, schema, shape, onTable);
  await source.query("COMMIT");
}

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
  await target.query(`BEGIN; ${settings} SET CONSTRAINTS ALL IMMEDIATE`);
  const putBack = await setAside(target, schema);
  // The migrations may have put rows in.
  if (names.length > 0) await target.query(`TRUNCATE ${names.join(", ")}`);
  for (const table of tables) onTable({ ...table, ...(await copyTable(source, target, table)) });
  await putBack();
  await copySequences(
    source,
    target,
    shape.sequences.filter((sequence) => sequence.schema === schema),
  );
  await refreshViews(source, target, schema);
  if (names.length > 0) await target.query(`ANALYZE ${names.join(", ")}`);
  await target.query("COMMIT");
}
