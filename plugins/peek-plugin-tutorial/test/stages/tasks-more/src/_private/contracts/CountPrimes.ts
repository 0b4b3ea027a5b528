import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Counts the prime numbers up to a number. It computes all the time, so it is heavy, and runs in a thread. */
export const CountPrimes = defineTask("peek_plugin_tutorial.CountPrimes", {
  input: z.object({ upTo: z.int().min(2).max(10_000_000) }),
  output: z.int(),
  deadlineMs: 120_000,
  memoryMb: 128,
});
