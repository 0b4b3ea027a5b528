import { defineAction } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Inserts a row. The result is its id. */
export const AddStringInt = defineAction(
  "peek_plugin_tutorial.AddStringInt",
  { string1: z.string().max(200), int1: z.int32() },
  { result: z.object({ id: z.int() }) },
);
