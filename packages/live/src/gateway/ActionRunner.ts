import type { PassedAction, ActionOutcome } from "../rpc/ActionsRpc.ts";

/** Has actions executed: on field and office, by logic. */
export interface ActionRunner {
  /**
   * Never rejects but for the signal: what passes is `retry`. While logic is not reached, it answers `retry` at once.
   *
   * @param signal The browser has gone; what it pushed may be executed all the same.
   */
  run(envelope: PassedAction, signal: AbortSignal): Promise<ActionOutcome>;
}
