import type { ActionEnvelope, ActionOutcome } from "../actions/ActionsRpc.ts";
import type { PushedActionMessage } from "../wire/clientMessages.ts";
import type { GatewaySession } from "./GatewaySession.ts";

/** An action on its way, and what of its answer belongs where. */
export interface PreparedAction {
  readonly envelope: ActionEnvelope;
  /** The outcome as the browser is told it: its positions in the order in which it has asked for them. */
  readonly answer: (outcome: ActionOutcome) => ActionOutcome;
}

/**
 * What logic is told of a pushed action. Who has done it and where is what the session says, whatever the browser does.
 *
 * @param scopes The scopes in which the browser watches, by canonical selector.
 */
export function envelopeOf(
  act: PushedActionMessage,
  { user, device }: GatewaySession,
  scopes: ReadonlyMap<string, string>,
): PreparedAction {
  const { type, body, client, lane, seq: sequence, after, acked: acknowledged, at: pushedAt } = act;
  const watched = act.watch.flatMap((selector) => {
    const scope = scopes.get(selector);
    return scope === undefined ? [] : [{ selector, scope }];
  });
  return {
    envelope: { type, body, client, lane, sequence, after, acknowledged, user, device, pushedAt, watch: watched },
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
