import { PeekError, type PeekErrorCode } from "@peek/errors";
import type { PluginRpc, RpcClient } from "@peek/plugin-base";
import { type ActionOutcome, ActionsRpc, type PassedAction } from "../../rpc/ActionsRpc.ts";

/** Longer than a handler may take, and wait for its turn. */
const deadlineMs = 120_000;
/** After how long a device tries again. */
const retryAfterMs = 1000;

/** With these codes, the action was not sent, and never can be. */
const unsendable: ReadonlySet<PeekErrorCode> = new Set(["DATA_UNENCODABLE", "VORTEX_MESSAGE_TOO_LARGE"] as const);

/** Has logic execute actions. One for each gateway. */
export class ActionClient {
  readonly #logic: RpcClient<(typeof ActionsRpc)["procedures"]>;

  /** @param rpc In the name of the platform itself, `peek_core_platform`. */
  constructor(rpc: PluginRpc) {
    this.#logic = rpc.client(ActionsRpc, { to: "logic", deadlineMs });
  }

  /**
   * Has an action executed. While logic is not reached, it answers `retry` at once.
   *
   * @param signal The browser has gone; the action may be executed all the same.
   * @throws The signal's reason.
   */
  async run(envelope: PassedAction, signal: AbortSignal): Promise<ActionOutcome> {
    try {
      return await this.#logic.run(envelope, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!PeekError.is(error)) throw error;
      const { code } = error;
      if (unsendable.has(code)) {
        const msg = "The action cannot be sent to logic.";
        return { kind: "rejected", code: "DATA_INVALID", msg, at: envelope.watch.map(() => null) };
      }
      // Logic may have executed it. The ledger knows: trying again does no harm.
      const msg = "Logic cannot be reached, or did not answer. The device sends the action again.";
      return { kind: "retry", code, msg, afterMs: retryAfterMs };
    }
  }
}
