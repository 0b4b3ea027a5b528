import type { ColumnType } from "kysely";

/** A `bigint` (int8) column: read as a bigint, since a number is not exact beyond 2^53. */
export type BigInteger = ColumnType<bigint, bigint | number, bigint | number>;

/** A `numeric` column: read as its text, `"10.50"`, every digit as it was written. */
export type Numeric = ColumnType<string, string | number | bigint, string | number | bigint>;

/**
 * A `timestamptz` column: read as ISO 8601 in UTC with all the microseconds it has, `"2026-11-22T10:00:00.123456Z"`;
 * `"infinity"` and `"-infinity"` as they are. `new Date(text)` is to the millisecond.
 */
export type Timestamp = ColumnType<string, string | Date, string | Date>;

/** A `bytea` column. */
export type Bytes = ColumnType<Buffer, Uint8Array, Uint8Array>;

/**
 * A `jsonb` or `json` column that holds a `Value`. Written with `jsonb(value)`: an array that is handed over as it is
 * would become a PostgreSQL array.
 */
export type Json<Value> = ColumnType<Value, Value, Value>;
