import { type ActionOf, defineAction } from "@peek/plugin-base/contracts";
import { z } from "zod";

/** Switches the text of a row between capitals and small letters. */
export const StringCapToggle = defineAction("peek_plugin_tutorial.StringCapToggle", { id: z.int() });

export type StringCapToggle = ActionOf<typeof StringCapToggle>;
