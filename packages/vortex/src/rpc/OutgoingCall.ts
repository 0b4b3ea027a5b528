import type { PluginScope } from "@peek/kit";
import type { ClientProcedure } from "./ClientProcedure.ts";
import type { Recipient } from "./ControlMessages.ts";
import { deadlineExceeded, protocolViolated } from "./rpcErrors.ts";
import { WheelTimer } from "./TimingWheel.ts";

/** A peer that calls are sent to. */
export interface CalledPeer extends Recipient {
  /** The calls that the peer has not answered, by their id. */
  readonly outgoing: Map<number, OutgoingCall>;
}

/** The sender of calls, as an open call needs it. */
export interface CallSender {
  /** Forgets a call that has ended. */
  ended(call: OutgoingCall): void;
  /**
   * Notifies the peer that the caller has given up.
   *
   * @param isLate Whether the deadline has passed.
   */
  cancel(call: OutgoingCall, isLate: boolean): void;
}

/** A call to a peer. As a timer it runs until the call's deadline, as an event listener it listens to the caller's signal. */
export abstract class OutgoingCall extends WheelTimer {
  readonly sender: CallSender;
  readonly procedure: ClientProcedure;
  /** The scope of the calling plugin: the call is given up when it ends. */
  readonly scope: PluginScope;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number;
  id = 0;
  /** Undefined until the call is sent. */
  peer: CalledPeer | undefined = undefined;

  constructor(
    sender: CallSender,
    procedure: ClientProcedure,
    scope: PluginScope,
    signal: AbortSignal | undefined,
    deadlineMs: number,
  ) {
    super();
    this.sender = sender;
    this.procedure = procedure;
    this.scope = scope;
    this.signal = signal;
    this.deadlineMs = deadlineMs;
  }

  /** The peer returned a result. */
  abstract onResult(body: string): void;
  /** The peer sent an item of a stream. */
  abstract onItem(body: string): void;
  /** The peer sent the last item of a stream. */
  abstract onEnd(): void;
  /** The peer answered with an error. */
  abstract onError(body: string): void;
  /** Fails the call, unless it has ended. */
  abstract fail(error: unknown): void;

  onExpired(): void {
    this.sender.cancel(this, true);
    this.fail(deadlineExceeded(this.procedure.title, this.peer?.identity, this.deadlineMs));
  }

  /** The caller's signal has fired. */
  handleEvent(): void {
    this.sender.cancel(this, false);
    this.fail(this.signal?.reason);
  }

  /**
   * The peer violates the protocol: fails the call.
   *
   * @param violation Continues the sentence after the peer's name.
   */
  protected failProtocol(violation: string): void {
    const { peer } = this;
    if (peer === undefined) return;
    this.sender.cancel(this, false);
    this.fail(protocolViolated(peer.identity, violation));
  }
}
