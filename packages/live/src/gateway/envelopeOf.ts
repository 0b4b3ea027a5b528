import type { ActionOutcome, PassedAction } from "../rpc/ActionsRpc.ts";
import type { PushedActionMessage } from "@peek/live-protocol";
import type { GatewaySession } from "./GatewaySession.ts";

/** An action on its way, and what of its answer belongs where. */
export interface PreparedAction {
  readonly envelope: PassedAction;
  /** The outcome as the browser is told it: its positions in the order in which it has asked for them. */
  readonly answer: (outcome: ActionOutcome) => ActionOutcome;
}

/**
 * What logic is told of a pushed action. Who has done it and where, logic knows by the session, whatever the browser says.
 *
 * @param scopes The scopes in which the browser watches, by canonical selector.
 */
export function envelopeOf(
  act: PushedActionMessage,
  { proof }: GatewaySession,
  scopes: ReadonlyMap<string, string>,
): PreparedAction {
  const { type, body, client, lane, seq: sequence, after, acked: acknowledged, at: pushedAt } = act;
  const watched = act.watch.flatMap((selector) => {
    const scope = scopes.get(selector);
    return scope === undefined ? [] : [{ selector, scope }];
  });
  return {
    envelope: { type, body, client, lane, sequence, after, acknowledged, proof, pushedAt, watch: watched },
    answer: (outcome) => {
      if (outcome.kind !== "done" && outcome.kind !== "rejected") return outcome;
      let next = 0;
      const at = act.watch.map((selector) => {
        if (!scopes.has(selector)) return null;
        const position = outcome.at[next] ?? null;
        next += 1;
        return position;
      });
      return { ...outcome, at };
    },
  };
}
