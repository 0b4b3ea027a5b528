import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** The plugin of the bench. */
export const plugin = "peek_plugin_bench";

const reading = z.object({
  id: z.int(),
  name: z.string().max(100),
  value: z.number(),
  unit: z.string().max(20),
  at: z.string(),
  good: z.boolean(),
});

/** The called procedure: it returns its input, with validation on both sides and in both directions. */
export const EchoRpc = defineRpc(`${plugin}.EchoRpc`, { echo: { input: reading, output: reading } });
