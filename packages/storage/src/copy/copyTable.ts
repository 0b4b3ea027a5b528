import { PeekError } from "@peek/errors";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { escapeIdentifier } from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { copyRefused } from "./copyRefused.ts";
import { type CopiedTable, qualified } from "./SchemaShape.ts";

/** The amount of data that was copied. */
export interface CopiedAmount {
  readonly rows: number;
  /** The size of the text that was sent from one server to the other. */
  readonly bytes: number;
}

/** A table that has been copied. */
export interface TableProgress extends CopiedTable, CopiedAmount {}

// The text format is the same in every version of PostgreSQL.
const format = "(FORMAT text, ENCODING 'UTF8')";

/**
 * Streams the rows of one table, and compares their number on both sides.
 *
 * @param where An SQL condition that selects rows. Default: all rows.
 * @throws PeekError as the server that failed; `STORAGE_COPY_REFUSED` when the numbers of rows differ.
 */
export async function copyTable(
  source: PooledConnection,
  target: PooledConnection,
  table: CopiedTable,
  where?: string,
): Promise<CopiedAmount> {
  const name = qualified(table);
  // A table may have no columns, or computed ones only; an empty list is a syntax error.
  const list = table.columns.map((each) => escapeIdentifier(each)).join(", ");
  const columns = table.columns.length === 0 ? "" : ` (${list})`;
  const selected = where === undefined ? `${name}${columns}` : `(SELECT ${list} FROM ${name} WHERE ${where})`;
  const sql = `COPY ${name}${columns} FROM STDIN ${format}`;
  const reading = source.client.query(copyTo(`COPY ${selected} TO STDOUT ${format}`));
  const writing = target.client.query(copyFrom(sql));
  let bytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  try {
    await pipeline(reading, counting, writing);
  } catch (error) {
    const explained = target.explain(error, sql);
    throw new PeekError(explained.code, `Copying the table ${name} failed: ${explained.message}`, {
      cause: error,
      fields: explained.fields,
    });
  }
  const { rows } = await target.query(`SELECT count(*)::float8 AS count FROM ONLY ${name}`);
  const count = rows[0]?.["count"];
  if (count === reading.rowCount) return { rows: reading.rowCount, bytes };
  throw copyRefused(
    `The table ${name} has ${reading.rowCount} rows in the source, but ${String(count)} in the target. A rule or trigger that the plugin's migrations create rejects some rows on the target.`,
  );
}
