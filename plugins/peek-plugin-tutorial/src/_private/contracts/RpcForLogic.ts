import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** The procedures of the agent that logic calls. */
export const RpcForLogic = defineRpc("peek_plugin_tutorial.RpcForLogic", {
  addInts: {
    input: z.object({ val1: z.int(), kwval1: z.int().default(9) }),
    output: z.int(),
    errors: { tooLarge: z.object({ largest: z.int() }) },
  },
});
