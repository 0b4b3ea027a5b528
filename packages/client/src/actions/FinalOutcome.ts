import type { ActionOutcomeMessage } from "@peek/live-protocol";

/** The outcome of an action that is not sent again. */
export type FinalOutcome = Extract<ActionOutcomeMessage, { readonly kind: "done" | "rejected" }>;

/** Whether the user has to see the outcome as a rejection. An action that logic has forgotten was executed, or its rejection was dismissed. */
export function isRejection(outcome: FinalOutcome): outcome is Extract<FinalOutcome, { readonly kind: "rejected" }> {
  return outcome.kind === "rejected" && outcome.code !== "ACTION_FORGOTTEN";
}
