import { z } from "zod";

const text = z.string();
const at = z.array(z.object({ epoch: text, offset: z.int().min(0) }).nullable());

/** The final outcomes of an action, as the service and other tabs send them. */
export const doneSchema = z.object({ kind: z.literal("done"), result: text, at });
export const rejectedSchema = z.object({ kind: z.literal("rejected"), code: text, msg: text, at });
