import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Gets a number, and returns another one. */
export const PickRandomNumber = defineTask("peek_plugin_tutorial.PickRandomNumber", {
  input: z.int(),
  output: z.int(),
});
