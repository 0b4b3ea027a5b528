import type { PushedActionMessage } from "@peek/live-protocol";
import type { ActionOutcome, PassedAction } from "../../rpc/ActionsRpc.ts";
import type { GatewaySession } from "../GatewaySession.ts";

/** An action as it is sent to logic. */
export interface PreparedAction {
  readonly envelope: PassedAction;
  /** The outcome as it is sent to the browser: its positions in the order of the browser's selectors. */
  readonly answer: (outcome: ActionOutcome) => ActionOutcome;
}

/**
 * Prepares a pushed action. Logic knows the user and the device by the session; nothing that the browser says changes them.
 *
 * @param scopes The scopes that the browser watches, by canonical selector.
 */
export function envelopeOf(
  action: PushedActionMessage,
  { proof }: GatewaySession,
  scopes: ReadonlyMap<string, string>,
): PreparedAction {
  const { type, body, client, lane, seq: sequence, after, acked: acknowledged, at: pushedAt } = action;
  const watch = action.watch.flatMap((selector) => {
    const scope = scopes.get(selector);
    return scope === undefined ? [] : [{ selector, scope }];
  });
  return {
    envelope: {
      ...{ type, body, client, lane, sequence, after, acknowledged, proof, pushedAt, watch },
      ...(action.contract !== undefined && { contract: action.contract }),
    },
    answer: (outcome) => {
      if (outcome.kind !== "done" && outcome.kind !== "rejected") return outcome;
      let next = 0;
      const at = action.watch.map((selector) => {
        if (!scopes.has(selector)) return null;
        const position = outcome.at[next] ?? null;
        next += 1;
        return position;
      });
      return { ...outcome, at };
    },
  };
}
