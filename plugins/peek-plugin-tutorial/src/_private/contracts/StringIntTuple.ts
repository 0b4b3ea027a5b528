import { defineTuple, type TupleOf } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** A text and a number, as all sides know them. */
export const StringIntTuple = defineTuple(
  "peek_plugin_tutorial.StringInt",
  { id: z.int(), string1: z.string().max(200), int1: z.int32() },
  { key: "id" },
);

export type StringIntTuple = TupleOf<typeof StringIntTuple>;
