import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Takes a number, and gives one back. */
export const PickRandomNumber = defineTask("peek_plugin_tutorial.PickRandomNumber", {
  input: z.int(),
  output: z.int(),
});
