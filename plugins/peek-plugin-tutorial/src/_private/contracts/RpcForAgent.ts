import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { StringIntTuple } from "./StringIntTuple.ts";

/** The procedures of logic that the agent calls. */
export const RpcForAgent = defineRpc("peek_plugin_tutorial.RpcForAgent", {
  addInts: {
    input: z.object({ val1: z.int(), kwval1: z.int().default(9) }),
    output: z.int(),
  },
  updateStatus: { input: z.string().max(1000) },
  addStringInt: {
    input: z.object({ string1: z.string().max(200), int1: z.int32() }),
    output: StringIntTuple.schema,
  },
});
