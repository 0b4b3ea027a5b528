import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Logic counts, as long as somebody listens. */
export const CountRpc = defineRpc("peek_plugin_tutorial.CountRpc", {
  countFrom: { input: z.int(), stream: z.int() },
});
