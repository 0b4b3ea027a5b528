import { z } from "zod";
import type { ActionOutcomeMessage } from "@peek/live-protocol";

const position = z.object({ epoch: z.string(), offset: z.number() });
const at = z.array(position.nullable());

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

/** What the tabs of one origin tell each other. Another tab may be of another version. */
export const tabMessageSchema = z.discriminatedUnion("t", [
  /** An action is on the device. */
  z.object({ t: z.literal("pushed"), record }),
  /** What became of an action is known, and on the device. */
  z.object({
    t: z.literal("settled"),
    n: z.number(),
    outcome: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("done"), result: z.string(), at }),
      z.object({ kind: z.literal("rejected"), code: z.string(), msg: z.string(), at }),
    ]),
    watch: z.array(z.string()),
  }),
  /** A rejected action was taken from the list. */
  z.object({ t: z.literal("dismissed"), n: z.number() }),
  /** These are with the service. */
  z.object({ t: z.literal("sent"), ns: z.array(z.number()) }),
  /** Read what is on the device again. */
  z.object({ t: z.literal("reload") }),
]);

export type TabMessage = z.infer<typeof tabMessageSchema>;

/** What became of an action, for good. */
export type FinalOutcome = Extract<ActionOutcomeMessage, { readonly kind: "done" | "rejected" }>;
