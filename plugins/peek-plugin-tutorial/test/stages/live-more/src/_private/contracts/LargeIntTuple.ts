import { defineTuple, type TupleOf } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** A row with a large number. */
export const LargeIntTuple = defineTuple(
  "peek_plugin_tutorial.LargeInt",
  { id: z.int(), int1: z.int32() },
  { key: "id" },
);

export type LargeIntTuple = TupleOf<typeof LargeIntTuple>;

/** Selects the rows from this number on. */
export const LargeIntSelector = z.object({ least: z.int() });
