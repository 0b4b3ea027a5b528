import type { BudgetHolder } from "../QueueBudget.ts";
import type { EndReason } from "./CallSignal.ts";
import type { Recipient } from "./ControlMessages.ts";

/** A peer that calls come from. */
export interface CallingPeer extends Recipient, BudgetHolder {
  /** Its calls that are not answered, by their id. */
  readonly incoming: Map<number, ReceivedCall>;
}

/** A call as it arrived. */
export interface CallRequest {
  readonly peer: CallingPeer;
  readonly id: number;
  /** The id as the caller wrote it. */
  readonly idText: string;
  /** `<contract> <procedure>`, as in the header of the call. */
  readonly route: string;
  readonly body: string;
  /** For a stream: of each item. */
  readonly deadlineMs: number;
}

/** A call of a peer that is not answered. */
export interface ReceivedCall {
  /** Whether it is known to be answered by a stream. */
  readonly isStream: boolean;
  /** The caller does not wait any more. */
  abandon(reason: EndReason): void;
  /** The caller has consumed items. Returns false when it had not been sent as many. */
  addCredit(count: number): boolean;
}
