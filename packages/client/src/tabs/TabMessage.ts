import { z } from "zod";
import { doneSchema, rejectedSchema } from "../outcomeSchemas.ts";

const record = z.object({
  n: z.number(),
  id: z.string(),
  user: z.string().exactOptional(),
  supposed: z.string().exactOptional(),
  tab: z.string(),
  client: z.string(),
  lane: z.string(),
  seq: z.number(),
  type: z.string(),
  body: z.string(),
  at: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).exactOptional(),
});

/** The messages between the tabs of one origin. Another tab may have another version of the page. */
export const tabMessageSchema = z.discriminatedUnion("t", [
  /** The device has stored an action. */
  z.object({ t: z.literal("pushed"), record }),
  /** An action has its outcome. */
  z.object({
    t: z.literal("settled"),
    n: z.number(),
    outcome: z.discriminatedUnion("kind", [doneSchema, rejectedSchema]),
    watch: z.array(z.string()),
  }),
  /** The user has dismissed an action. */
  z.object({ t: z.literal("dismissed"), n: z.number() }),
  /** The actions that are sent and unanswered. */
  z.object({ t: z.literal("sent"), ns: z.array(z.number()) }),
  /** The actions on the device have changed: read them again. */
  z.object({ t: z.literal("reload") }),
]);

export type TabMessage = z.infer<typeof tabMessageSchema>;
