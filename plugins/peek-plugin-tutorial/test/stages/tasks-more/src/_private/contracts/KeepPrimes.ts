import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Counts prime numbers, and stores the count. It waits for the heavy task that counts, so it is light. */
export const KeepPrimes = defineTask("peek_plugin_tutorial.KeepPrimes", {
  input: z.object({ upTo: z.int().min(2).max(10_000_000) }),
  weight: "light",
  deadlineMs: 600_000,
});
