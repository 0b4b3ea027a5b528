import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** The tables of the plugin. */
export interface Tables {
  readonly reading: { readonly id: number; readonly value: number };
  readonly total: { readonly id: number; readonly value: number };
}

/** Adds up the readings, page by page, and writes a total for each. */
export const Totals = defineTask("peek_plugin_pump.Totals", {
  input: z.object({ pageSize: z.int() }),
  output: z.object({ rows: z.int(), sum: z.int(), user: z.string() }),
});

/** Writes a total, and then does not end. */
export const Stuck = defineTask("peek_plugin_pump.Stuck", {
  input: z.object({ how: z.enum(["waits", "spins", "leaves", "forgets"]) }),
  retry: { tries: 1 },
  deadlineMs: 4000,
});
