import type { AddIntValue } from "./AddIntValue.ts";
import type { StringIntTuple } from "./StringIntTuple.ts";

const largest = 2 ** 31 - 1;

/** What adding makes of a row; undefined when the number would be larger than the database keeps. */
export function added<Row extends Pick<StringIntTuple, "int1">>(row: Row, { offset }: AddIntValue): Row | undefined {
  const int1 = row.int1 + offset;
  return Math.abs(int1) > largest ? undefined : { ...row, int1 };
}

/** What toggling makes of a row. */
export function toggled<Row extends Pick<StringIntTuple, "string1">>(row: Row): Row {
  const capitals = row.string1.toUpperCase();
  return { ...row, string1: row.string1 === capitals ? row.string1.toLowerCase() : capitals };
}
