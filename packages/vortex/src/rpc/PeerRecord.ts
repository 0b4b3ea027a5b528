import type { PeerIdentity } from "@peek/plugin-base";
import type { IncomingCall } from "./IncomingCall.ts";
import type { OutgoingCall } from "./OutgoingCall.ts";

/** What goes on between this process and another, or itself. */
export class PeerRecord {
  readonly identity: PeerIdentity;
  /** Calls that it has not answered, by their id. */
  readonly outgoing = new Map<number, OutgoingCall>();
  /** Calls of its that wait for an answer, by their id. */
  readonly incoming = new Map<number, IncomingCall>();
  /** Whether it is over: the peer is gone, or was not heard of for long. Another record is to be used. */
  closed = false;

  constructor({ service, instance }: PeerIdentity) {
    this.identity = { service, instance };
  }
}
