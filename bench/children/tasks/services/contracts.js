import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";

const plugin = "peek_plugin_tasks";

/** Does nothing, on the worker's event loop. */
export const NoOp = defineTask(`${plugin}.NoOp`, {
  input: z.object({ n: z.int() }),
  output: z.int(),
  weight: "light",
});

/** Uses up so much CPU time, on a thread. */
export const Spin = defineTask(`${plugin}.Spin`, { input: z.number(), output: z.int() });
