import type { Bus } from "@peek/bus";
import type { PeekError } from "@peek/errors";
import { pluginReleased, type PluginScope } from "@peek/kit";
import type { ControlMessages } from "./ControlMessages.ts";
import { readId } from "./frames.ts";
import type { CalledPeer, OutgoingCall } from "./OutgoingCall.ts";
import type { PeerRecord, PeerRecords } from "./PeerRecords.ts";
import { peerGone, serviceStopping } from "./rpcErrors.ts";
import type { StreamCall, StreamSender } from "./StreamCall.ts";
import type { TimingWheel } from "./TimingWheel.ts";

/** Sends calls to peers, keeps them until they end, and hands the peers' answers to them. */
export class OutgoingCalls implements StreamSender {
  readonly #bus: Bus;
  readonly #records: PeerRecords;
  readonly #timers: TimingWheel;
  readonly #controlMessages: ControlMessages;
  #lastId = 0;

  constructor(bus: Bus, records: PeerRecords, timers: TimingWheel, controlMessages: ControlMessages) {
    this.#bus = bus;
    this.#records = records;
    this.#timers = timers;
    this.#controlMessages = controlMessages;
  }

  /**
   * Sends a call.
   *
   * @throws PeekError as `Bus.send`
   */
  send(call: OutgoingCall, peer: PeerRecord, body: string, remainingMs: number): void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#bus.send(peer.identity, `c${id.toString(36)} ${Math.ceil(remainingMs)}${call.procedure.header}${body}`);
    call.id = id;
    call.peer = peer;
    peer.outgoing.set(id, call);
    // A stream starts its deadline with each requested item.
    if (!call.procedure.isStream) this.#timers.add(call, remainingMs);
    call.signal?.addEventListener("abort", call);
  }

  /** Handles a result frame. Returns false when the frame is invalid. */
  onResult(peer: PeerRecord, frame: string): boolean {
    const tab = frame.indexOf("\t");
    const id = readId(frame, 1, tab);
    // A call that was given up meanwhile is not found.
    peer.outgoing.get(id)?.onResult(frame.slice(tab + 1));
    return id !== -1;
  }

  /** Handles an error frame. Returns false when the frame is invalid. */
  onError(peer: PeerRecord, frame: string): boolean {
    const tab = frame.indexOf("\t");
    const id = readId(frame, 1, tab);
    peer.outgoing.get(id)?.onError(frame.slice(tab + 1));
    return id !== -1;
  }

  /** Handles an item frame. Returns false when the frame is invalid. */
  onItem(peer: PeerRecord, frame: string): boolean {
    const tab = frame.indexOf("\t");
    const id = readId(frame, 1, tab);
    peer.outgoing.get(id)?.onItem(frame.slice(tab + 1));
    return id !== -1;
  }

  /** Handles an end frame. Returns false when the frame is invalid. */
  onEnd(peer: PeerRecord, frame: string): boolean {
    const id = readId(frame, 1, frame.length);
    peer.outgoing.get(id)?.onEnd();
    return id !== -1;
  }

  /** Fails the calls of a peer that is gone. */
  onGone(peer: PeerRecord): void {
    for (const call of peer.outgoing.values()) call.fail(peerGone(call.procedure.title, peer.identity));
  }

  /** Gives up the calls of a plugin's scope that has ended. */
  release(scope: PluginScope): void {
    for (const { outgoing } of this.#records.all()) {
      for (const call of outgoing.values()) {
        if (call.scope === scope) this.#giveUp(call, pluginReleased(scope.plugin));
      }
    }
  }

  /** Gives up all calls. */
  close(): void {
    const error = serviceStopping(this.#bus.self.service);
    for (const { outgoing } of this.#records.all()) for (const call of outgoing.values()) this.#giveUp(call, error);
  }

  ended(call: OutgoingCall): void {
    call.peer?.outgoing.delete(call.id);
    this.#timers.remove(call);
    call.signal?.removeEventListener("abort", call);
  }

  cancel(call: OutgoingCall, isLate: boolean): void {
    const { peer } = call;
    if (peer === undefined || !peer.outgoing.has(call.id)) return;
    this.#sendControl(peer, `x${call.id.toString(36)}${isLate ? " d" : ""}`);
  }

  grantCredit(call: StreamCall, count: number): void {
    if (call.peer !== undefined) this.#sendControl(call.peer, `k${call.id.toString(36)} ${count}`);
  }

  startDeadline(call: StreamCall, ms: number): void {
    this.#timers.add(call, ms);
  }

  stopDeadline(call: StreamCall): void {
    this.#timers.remove(call);
  }

  #giveUp(call: OutgoingCall, error: PeekError): void {
    this.cancel(call, false);
    call.fail(error);
  }

  #sendControl(peer: CalledPeer, frame: string): void {
    try {
      this.#controlMessages.send(peer, frame);
    } catch {
      // A peer that is gone or unreachable will be reported as gone.
    }
  }
}
