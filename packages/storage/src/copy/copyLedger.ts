import { escapeLiteral } from "pg";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { createVortexLayout, readVortexLayoutVersion } from "../catalogue/VortexLayout.ts";
import { ledgerTables } from "../ledger/ledgerLayoutSql.ts";
import { copySequences } from "./copySequences.ts";
import { copyTable, type TableProgress } from "./copyTable.ts";
import { readSchemaShape } from "./SchemaShape.ts";

const schema = "peek_vortex";

/** The options of {@link copyLedger}. */
export interface CopyLedgerOptions {
  readonly plugins: readonly string[];
  /** Called after each table. */
  readonly onTable: (table: TableProgress) => void;
  /** SQL with the settings of the transaction on the target. */
  readonly settings: string;
}

/**
 * Copies the executed actions and dead letters of some plugins, so that the target recognizes an action that a device
 * repeats. If there are none, it creates nothing in the target.
 *
 * @param source Within the transaction that reads the plugins' rows. It may have the layout of an older Peek.
 * @param target Outside of a transaction, without a ledger.
 * @throws PeekError `STORAGE_TOO_NEW`, or as the server that failed.
 */
export async function copyLedger(
  source: PooledConnection,
  target: PooledConnection,
  { plugins, onTable, settings }: CopyLedgerOptions,
): Promise<void> {
  if ((await readVortexLayoutVersion(source)) === 0) return;
  const { tables, sequences } = await readSchemaShape(source, [schema]);
  const where = `plugin IN (${plugins.map(escapeLiteral).join(", ")})`;
  const copied = ledgerTables.flatMap((name) => tables.find((table) => table.name === name) ?? []);
  if (
    plugins.length === 0 ||
    !(await hasRows(
      source,
      copied.map(({ name }) => name),
      where,
    ))
  )
    return;
  await createVortexLayout(target);
  await target.query(`BEGIN; ${settings}`);
  for (const table of copied) onTable({ ...table, ...(await copyTable(source, target, table, where)) });
  await copySequences(source, target, sequences);
  await target.query("COMMIT");
}

async function hasRows(connection: PooledConnection, names: readonly string[], where: string): Promise<boolean> {
  const each = names.map((name) => `EXISTS (SELECT FROM ${schema}.${name} WHERE ${where})`);
  const { rows } = await connection.query(`SELECT ${each.join(" OR ")} AS has`);
  return rows[0]?.["has"] === true;
}
