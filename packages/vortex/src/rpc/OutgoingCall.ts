import type { CallScope } from "./CallScope.ts";
import type { ClientProcedure } from "./ClientProcedure.ts";
import { WheelTimer } from "./TimingWheel.ts";
import type { PeerRecord } from "./PeerRecord.ts";

/** What whoever makes calls is, for a call that is under way. */
export interface CallOwner {
  /** A call has ended: it is forgotten. */
  ended(call: OutgoingCall): void;
  /** Tells the peer that nobody waits any more. */
  cancel(call: OutgoingCall, isLate: boolean): void;
}

/** A call that a peer was sent. */
export abstract class OutgoingCall extends WheelTimer {
  readonly owner: CallOwner;
  readonly procedure: ClientProcedure;
  /** Whose call it is: what ends with a phase of a plugin's life. */
  readonly scope: CallScope;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number;
  id = 0;
  /** Undefined as long as it was not sent. */
  peer: PeerRecord | undefined = undefined;

  constructor(
    owner: CallOwner,
    procedure: ClientProcedure,
    scope: CallScope,
    signal: AbortSignal | undefined,
    deadlineMs: number,
  ) {
    super();
    this.owner = owner;
    this.procedure = procedure;
    this.scope = scope;
    this.signal = signal;
    this.deadlineMs = deadlineMs;
  }

  /** The peer has answered. */
  abstract onResult(body: string): void;
  /** The peer has sent an item. */
  abstract onItem(body: string): void;
  /** The peer has no more items. */
  abstract onEnd(): void;
  /** The peer has answered with an error. */
  abstract onError(body: string): void;
  /** Nothing will come any more. */
  abstract fail(error: unknown): void;

  /** The caller's signal has fired. */
  handleEvent(): void {
    this.owner.cancel(this, false);
    this.fail(this.signal?.reason);
  }
}
