import type { PeerIdentity } from "@peek/plugin-base";
import type { IncomingCall } from "./IncomingCall.ts";
import type { OutgoingCall } from "./OutgoingCall.ts";
import type { BudgetHolder } from "../QueueBudget.ts";

/** What goes on between this process and another, or itself. */
export class PeerRecord implements BudgetHolder {
  readonly identity: PeerIdentity;
  /** Calls that it has not answered, by their id. */
  readonly outgoing = new Map<number, OutgoingCall>();
  /** Calls of its that wait for an answer, by their id. */
  readonly incoming = new Map<number, IncomingCall>();
  /** Whether it is over: the peer is gone, or was not heard of for long. Another record is to be used. */
  closed = false;
  /** Whether it is connected and known to be: there is news of its end. Nothing else may forget it. */
  isListed = false;
  /** How much of its calls waits for its turn here. */
  queuedChars = 0;

  constructor({ service, instance }: PeerIdentity) {
    this.identity = { service, instance };
  }
}
