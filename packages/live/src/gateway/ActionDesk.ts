import { messageOf } from "@peek/errors";
import type { ActionRunner } from "./ActionRunner.ts";
import type { ActionOutcome } from "../rpc/ActionsRpc.ts";
import type { PushedActionMessage } from "@peek/live-protocol";
import { envelopeOf } from "./envelopeOf.ts";
import type { Exposure } from "./Exposure.ts";
import type { GatewaySession } from "./GatewaySession.ts";

const maxActions = 64;
/** After how long an action may be pushed again that is not exposed, or that there were too many of; milliseconds. */
const unknownAfterMs = 5000;
const overloadAfterMs = 1000;

/** A connection by which actions are pushed. */
export interface Pusher {
  readonly session: GatewaySession;
  /** How many of its actions are under way; the desk counts them. */
  actions: number;
  /** In which scopes it watches, of some canonical selectors. */
  scopesOf(canonical: readonly string[]): ReadonlyMap<string, string>;
  /** Does what takes time; given up when the connection is over. */
  run(work: (signal: AbortSignal) => Promise<void>): void;
  /** Tells what became of an action. */
  result(id: number, outcome: ActionOutcome): void;
  /** Notes what its operator should know. */
  note(what: string, detail: string): void;
}

/** Has the actions executed that browsers push: those that plugins expose. */
export class ActionDesk {
  readonly #runner: ActionRunner;
  readonly #exposure: Exposure;

  constructor(runner: ActionRunner, exposure: Exposure) {
    this.#runner = runner;
    this.#exposure = exposure;
  }

  /** Each is answered, once; unless the browser has gone. */
  push(pusher: Pusher, id: number, act: PushedActionMessage): void {
    if (!this.#exposure.hasAction(act.type)) {
      const msg = "The service does not expose actions of this type. The device keeps it, and tries again.";
      pusher.result(id, { kind: "retry", code: "ACTION_UNKNOWN", msg, afterMs: unknownAfterMs });
      return;
    }
    if (pusher.actions >= maxActions) {
      const msg = `No more than ${maxActions} actions of a browser may be under way.`;
      pusher.result(id, { kind: "retry", code: "CLIENT_OVERLOAD", msg, afterMs: overloadAfterMs });
      return;
    }
    const { envelope, answer } = envelopeOf(act, pusher.session, pusher.scopesOf(act.watch));
    pusher.actions += 1;
    pusher.run(async (signal) => {
      let outcome: ActionOutcome;
      try {
        outcome = await this.#runner.run(envelope, signal);
      } catch (error) {
        if (!signal.aborted) pusher.note("pushed an action that could not be passed on", messageOf(error));
        const msg = "The action could not be passed on.";
        outcome = { kind: "retry", code: "INTERNAL", msg, afterMs: unknownAfterMs };
      }
      pusher.actions -= 1;
      pusher.result(id, answer(outcome));
    });
  }
}
