import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { LogThrottle } from "@peek/kit";
import type { PushedActionMessage } from "@peek/live-protocol";
import type { ActionOutcome } from "../../rpc/ActionsRpc.ts";
import { actionUpdating, maxUpdateWaitMs } from "../../rpc/actionUpdating.ts";
import type { ExposedContracts } from "../exposed/ExposedContracts.ts";
import type { GatewaySession } from "../GatewaySession.ts";
import type { ActionClient } from "./ActionClient.ts";
import { envelopeOf } from "./envelopeOf.ts";

/** After how long a device pushes an action again that is not exposed, or could not be sent. */
const unknownAfterMs = 5000;

/** Has logic execute the actions that browsers push, if a plugin exposes them. */
export class ActionDispatcher {
  readonly #client: ActionClient;
  readonly #exposed: ExposedContracts;
  readonly #logger: Logger;
  readonly #logThrottle: LogThrottle;

  constructor(client: ActionClient, exposed: ExposedContracts, logger: Logger, logThrottle: LogThrottle) {
    this.#client = client;
    this.#exposed = exposed;
    this.#logger = logger;
    this.#logThrottle = logThrottle;
  }

  /** The outcome of an action that no plugin exposes; undefined for others. */
  refusalOf({ type }: PushedActionMessage): ActionOutcome | undefined {
    if (this.#exposed.action(type) !== "unknown") return undefined;
    const msg = "The service does not expose actions of this type. The device keeps it, and tries again.";
    return { kind: "retry", code: "ACTION_UNKNOWN", msg, afterMs: unknownAfterMs };
  }

  /** Has an action executed; waits for a moment while its plugin is suspended. Never rejects. @param scopes The scopes that the browser watches, by canonical selector. */
  async execute(
    action: PushedActionMessage,
    session: GatewaySession,
    scopes: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<ActionOutcome> {
    if (this.#exposed.action(action.type) === "updating") {
      if (!(await this.#exposed.resumed(action.type, maxUpdateWaitMs, signal))) return actionUpdating;
      const refusal = this.refusalOf(action);
      if (refusal !== undefined) return refusal;
    }
    const { envelope, answer } = envelopeOf(action, session, scopes);
    try {
      return answer(await this.#client.run(envelope, signal));
    } catch (error) {
      if (!signal.aborted) this.#log(error, session);
      return { kind: "retry", code: "INTERNAL", msg: "Failed to send the action to logic.", afterMs: unknownAfterMs };
    }
  }

  #log(error: unknown, { user }: GatewaySession): void {
    const suppressed = this.#logThrottle.count("action");
    if (suppressed === undefined) return;
    this.#logger.info("Failed to send an action of %s to logic: %s%s", user.name, messageOf(error), suppressed);
  }
}
