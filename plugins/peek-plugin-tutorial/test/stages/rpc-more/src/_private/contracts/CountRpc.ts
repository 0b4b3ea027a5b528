import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Logic counts until the reader stops. */
export const CountRpc = defineRpc("peek_plugin_tutorial.CountRpc", {
  countFrom: { input: z.int(), stream: z.int() },
});
