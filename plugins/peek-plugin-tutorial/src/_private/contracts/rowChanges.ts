import type { AddIntValue } from "./AddIntValue.ts";
import type { StringIntTuple } from "./StringIntTuple.ts";

/** The largest number in a PostgreSQL column of type `integer`. */
const maxInt = 2 ** 31 - 1;

/** The row after the action; undefined if its number would be too large for the database. */
export function rowAfterAdding<Row extends Pick<StringIntTuple, "int1">>(
  row: Row,
  { offset }: AddIntValue,
): Row | undefined {
  const int1 = row.int1 + offset;
  return Math.abs(int1) > maxInt ? undefined : { ...row, int1 };
}

/** The row with its text in capitals; in small letters if it is in capitals. */
export function rowAfterToggling<Row extends Pick<StringIntTuple, "string1">>(row: Row): Row {
  const capitals = row.string1.toUpperCase();
  return { ...row, string1: row.string1 === capitals ? row.string1.toLowerCase() : capitals };
}
