import { defineTask } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Appends to the text of a row. It mostly waits for the database, so it is light. */
export const AppendText = defineTask("peek_plugin_tutorial.AppendText", {
  input: z.object({ id: z.int(), text: z.string().max(10) }),
  output: z.string(),
  weight: "light",
});
