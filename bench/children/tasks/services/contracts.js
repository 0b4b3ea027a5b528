import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";

const plugin = "peek_plugin_tasks";

/** An empty task on the worker's event loop. */
export const NoOp = defineTask(`${plugin}.NoOp`, {
  input: z.object({ n: z.int() }),
  output: z.int(),
  weight: "light",
});

/** Uses CPU time on a thread. */
export const Spin = defineTask(`${plugin}.Spin`, { input: z.number(), output: z.int() });
