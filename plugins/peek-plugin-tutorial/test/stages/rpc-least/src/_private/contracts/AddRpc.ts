import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** The procedures of logic. */
export const AddRpc = defineRpc("peek_plugin_tutorial.AddRpc", {
  addInts: { input: z.object({ val1: z.int(), val2: z.int() }), output: z.int() },
});
