import { type ActionOf, defineAction } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Writes the text of a row in capitals, or in small letters when it is in capitals. */
export const StringCapToggle = defineAction("peek_plugin_tutorial.StringCapToggle", { id: z.int() });

export type StringCapToggle = ActionOf<typeof StringCapToggle>;
