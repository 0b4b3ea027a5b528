import { PeekError } from "@peek/errors";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { escapeIdentifier } from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { LentClient } from "../access/LentClient.ts";
import { copyRefused } from "./copyRefused.ts";
import { type CopiedTable, qualified } from "./SchemaShape.ts";

/** How much of a table was copied. */
export interface CopiedAmount {
  readonly rows: number;
  /** As text on the way from one server to the other. */
  readonly bytes: number;
}

// Text, which means the same to every version of PostgreSQL.
const format = "(FORMAT text, ENCODING 'UTF8')";

/**
 * Copies the rows of one table, a piece at a time however large it is, and counts them on both sides.
 *
 * @param where SQL that chooses the rows. Default: all.
 * @throws PeekError as the server that failed; `STORAGE_COPY_REFUSED` when the rows are not as many afterwards.
 */
export async function copyTable(
  source: LentClient,
  target: LentClient,
  table: CopiedTable,
  where?: string,
): Promise<CopiedAmount> {
  const name = qualified(table);
  // Without a column that is not computed, there is no list to be written.
  const list = table.columns.map((each) => escapeIdentifier(each)).join(", ");
  const columns = table.columns.length === 0 ? "" : ` (${list})`;
  const chosen = where === undefined ? `${name}${columns}` : `(SELECT ${list} FROM ${name} WHERE ${where})`;
  const sql = `COPY ${name}${columns} FROM STDIN ${format}`;
  const reading = source.client.query(copyTo(`COPY ${chosen} TO STDOUT ${format}`));
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
    throw new PeekError(explained.code, `The table ${name} cannot be copied: ${explained.message}`, {
      cause: error,
      fields: explained.fields,
    });
  }
  const { rows } = await target.query(`SELECT count(*)::float8 AS count FROM ONLY ${name}`);
  const count = rows[0]?.["count"];
  if (count === reading.rowCount) return { rows: reading.rowCount, bytes };
  throw copyRefused(
    `The table ${name} has ${reading.rowCount} rows in the source, and ${String(count)} arrived. A rule or a trigger on the target keeps some out; see what the plugin's migrations make.`,
  );
}
