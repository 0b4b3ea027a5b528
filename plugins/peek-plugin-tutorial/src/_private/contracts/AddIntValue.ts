import { type ActionOf, defineAction } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Adds an offset to the number of a row. */
export const AddIntValue = defineAction("peek_plugin_tutorial.AddIntValue", {
  id: z.int(),
  offset: z.int().min(-1000).max(1000),
});

export type AddIntValue = ActionOf<typeof AddIntValue>;
