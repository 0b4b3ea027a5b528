import { defineTuple, type TupleOf } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** A row of string_int, as services and browsers exchange it. */
export const StringIntTuple = defineTuple(
  "peek_plugin_tutorial.StringInt",
  { id: z.int(), string1: z.string().max(200), int1: z.int32() },
  { key: "id" },
);

export type StringIntTuple = TupleOf<typeof StringIntTuple>;
