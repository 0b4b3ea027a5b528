import { PeekError, type PeekErrorCode } from "@peek/errors";
import type { PluginRpc, RpcClient } from "@peek/plugin-base";
import type { ActionRunner } from "./ActionRunner.ts";
import { type PassedAction, type ActionOutcome, ActionsRpc } from "../rpc/ActionsRpc.ts";

/** Beyond what a handler may take, and its turn; milliseconds. */
const deadlineMs = 120_000;
/** When a device tries again; milliseconds. */
const laterMs = 1000;

/** With these, it was not sent, and never can be. */
const unsendable: ReadonlySet<PeekErrorCode> = new Set(["DATA_UNENCODABLE", "VORTEX_MESSAGE_TOO_LARGE"] as const);

/** Has actions executed by logic. One on field and on office. */
export class RpcActionRunner implements ActionRunner {
  readonly #logic: RpcClient<(typeof ActionsRpc)["procedures"]>;

  /** @param rpc The platform's own. */
  constructor(rpc: PluginRpc) {
    this.#logic = rpc.client(ActionsRpc, { to: "logic", deadlineMs });
  }

  async run(envelope: PassedAction, signal: AbortSignal): Promise<ActionOutcome> {
    try {
      return await this.#logic.run(envelope, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!PeekError.is(error)) throw error;
      // Whether it was executed is not known; that it is asked again does no harm.
      const { code } = error;
      if (unsendable.has(code)) {
        const msg = "The action cannot be sent to logic.";
        return { kind: "rejected", code: "DATA_INVALID", msg, at: envelope.watch.map(() => null) };
      }
      return {
        kind: "retry",
        code,
        msg: "Logic cannot be reached, or did not answer. It is tried again.",
        afterMs: laterMs,
      };
    }
  }
}
