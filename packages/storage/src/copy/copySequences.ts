import { escapeLiteral } from "pg";
import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { qualified, type SchemaObject } from "./SchemaShape.ts";

const stateSchema = z.object({ last_value: z.string(), is_called: z.boolean() });

/** Sets sequences to the state of those in the source, including those of identity and serial columns. */
export async function copySequences(
  source: PooledConnection,
  target: PooledConnection,
  sequences: readonly SchemaObject[],
): Promise<void> {
  for (const sequence of sequences) {
    const name = qualified(sequence);
    const { rows } = await source.query(`SELECT last_value::text, is_called FROM ${name}`);
    const { last_value: lastValue, is_called: isCalled } = stateSchema.parse(rows[0]);
    await target.query(`SELECT pg_catalog.setval(${escapeLiteral(name)}, ${lastValue}, ${String(isCalled)})`);
  }
}
