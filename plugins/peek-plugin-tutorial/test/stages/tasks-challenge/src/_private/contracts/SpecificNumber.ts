import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Stores a number. */
export const SpecificNumber = defineTask("peek_plugin_tutorial.SpecificNumber", {
  input: z.int(),
  weight: "light",
});
