import { escapeLiteral } from "pg";
import type { LentClient } from "../access/LentClient.ts";
import { makeVortexLayout, vortexLayoutOf } from "../catalogue/VortexLayout.ts";
import { ledgerTables } from "../ledger/ledgerLayoutSql.ts";
import type { TableProgress } from "./copyRows.ts";
import { copySequences } from "./copySequences.ts";
import { copyTable } from "./copyTable.ts";
import { readSchemaShape } from "./SchemaShape.ts";

const schema = "peek_vortex";

/** Whose ledger is copied, and how it is told of. */
export interface CopyLedgerOptions {
  readonly plugins: readonly string[];
  readonly onTable: (table: TableProgress) => void;
  /** SQL that sets what a transaction on the target needs. */
  readonly settings: string;
}

/**
 * Copies which actions of some plugins were executed, and their dead letters: what a device pushes again is known in the
 * target too. Where there are none, nothing is made in the target.
 *
 * @param source In the transaction in which the plugins' rows are read. It may have the layout of an older Peek.
 * @param target In no transaction, and without a ledger.
 * @throws PeekError `STORAGE_TOO_NEW`, or as the server that failed.
 */
export async function copyLedger(
  source: LentClient,
  target: LentClient,
  { plugins, onTable, settings }: CopyLedgerOptions,
): Promise<void> {
  if ((await vortexLayoutOf(source)) === 0) return;
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
  await makeVortexLayout(target);
  await target.query(`BEGIN; ${settings}`);
  for (const table of copied) onTable({ ...table, ...(await copyTable(source, target, table, where)) });
  await copySequences(source, target, sequences);
  await target.query("COMMIT");
}

async function hasRows(lent: LentClient, names: readonly string[], where: string): Promise<boolean> {
  const each = names.map((name) => `EXISTS (SELECT FROM ${schema}.${name} WHERE ${where})`);
  const { rows } = await lent.query(`SELECT ${each.join(" OR ")} AS has`);
  return rows[0]?.["has"] === true;
}
