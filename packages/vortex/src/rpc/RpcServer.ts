import type { Bus } from "@peek/bus";
import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";
import { QueueBudget } from "../QueueBudget.ts";
import { errorBody } from "./callFailure.ts";
import type { EndReason } from "./CallSignal.ts";
import type { ControlMessages } from "./ControlMessages.ts";
import { maxHeaderLength, readCount, readId } from "./frames.ts";
import { type CallResponder, IncomingCall } from "./IncomingCall.ts";
import type { PeerRecord, PeerRecords } from "./PeerRecords.ts";
import { ServedContract, type ServedContractOptions } from "./ServedContract.ts";
import type { ServedProcedure } from "./ServedProcedure.ts";
import { SlowStopWarning } from "./SlowStopWarning.ts";
import type { TimingWheel } from "./TimingWheel.ts";

/** A procedure, and the contract that serves it. */
interface Route {
  readonly contract: ServedContract;
  readonly procedure: ServedProcedure;
}

/** Answers the calls of the contracts that this process serves. */
export class RpcServer implements CallResponder {
  readonly #bus: Bus;
  readonly #records: PeerRecords;
  readonly #timers: TimingWheel;
  readonly #controlMessages: ControlMessages;
  /** Bounds the queued calls of all contracts. */
  readonly #budget = new QueueBudget();
  readonly #contracts = new Map<string, ServedContract>();
  /** By `<contract> <procedure>`, as in the header of a call. */
  readonly #routes = new Map<string, Route>();
  #isAnnouncing = false;
  #isClosed = false;

  constructor(bus: Bus, records: PeerRecords, timers: TimingWheel, controlMessages: ControlMessages) {
    this.#bus = bus;
    this.#records = records;
    this.#timers = timers;
    this.#controlMessages = controlMessages;
  }

  get contracts(): Iterable<ServedContract> {
    return this.#contracts.values();
  }

  /** The names of the served contracts, sorted. */
  get serves(): readonly string[] {
    return [...this.#contracts.keys()].sort();
  }

  /**
   * Serves a contract.
   *
   * @throws PeekError `RPC_ALREADY_SERVED` or `CONTRACT_INVALID`
   */
  serve(options: Omit<ServedContractOptions, "budget" | "timers">): ServedContract {
    const { name } = options.contract;
    if (this.#contracts.has(name)) {
      throw new PeekError("RPC_ALREADY_SERVED", `${name} is already served on this service. Serve it once.`, {
        fields: { contract: name },
      });
    }
    const contract = new ServedContract({ ...options, budget: this.#budget, timers: this.#timers });
    this.#contracts.set(name, contract);
    for (const [each, procedure] of contract.procedures) this.#routes.set(`${name} ${each}`, { contract, procedure });
    this.#announce();
    return contract;
  }

  /** Withdraws a contract. Settles when its handlers have ended. */
  async withdraw(contract: ServedContract): Promise<void> {
    if (this.#contracts.get(contract.name) === contract) {
      this.#contracts.delete(contract.name);
      for (const procedure of contract.procedures.keys()) this.#routes.delete(`${contract.name} ${procedure}`);
      this.#announce();
    }
    const closed = contract.close();
    for (const { incoming } of this.#records.all()) {
      for (const call of incoming.values()) if (call.contract === contract) call.close();
    }
    if (contract.running === 0) return;
    using _warning = new SlowStopWarning(this.#timers, () => contract.logRunning());
    await closed;
  }

  /** Handles a call frame. Returns false when the frame is invalid. */
  onCall(peer: PeerRecord, frame: string): boolean {
    const tab = frame.indexOf("\t");
    const afterId = frame.indexOf(" ");
    const id = readId(frame, 1, afterId);
    if (id === -1 || peer.incoming.has(id)) return false;
    const idText = frame.slice(1, afterId);
    const afterTime = frame.indexOf(" ", afterId + 1);
    const deadlineMs = readCount(frame, afterId + 1, afterTime);
    if (deadlineMs === -1 || tab < afterTime || tab > maxHeaderLength) {
      this.#refuse(peer, idText, new PeekError("VORTEX_FRAME_INVALID", "The header of the call is invalid."));
      return false;
    }
    const name = frame.slice(afterTime + 1, tab);
    const route = this.#routes.get(name);
    if (route === undefined) {
      this.#refuse(peer, idText, this.#unknown(name));
      return true;
    }
    const { contract, procedure } = route;
    const call = new IncomingCall(this, peer, id, idText, contract, procedure, frame.slice(tab + 1), deadlineMs);
    const error = contract.accessError(call);
    if (error !== undefined) {
      call.refuse(error);
      return true;
    }
    peer.incoming.set(id, call);
    this.#timers.add(call, deadlineMs);
    contract.offer(call);
    return true;
  }

  /** Handles a cancel frame. Returns false when the frame is invalid. */
  onCancel(peer: PeerRecord, frame: string): boolean {
    const isLate = frame.endsWith(" d");
    const id = readId(frame, 1, isLate ? frame.length - 2 : frame.length);
    // The call may have been answered meanwhile.
    peer.incoming.get(id)?.abandon(isLate ? "DEADLINE_EXCEEDED" : "CALL_CANCELLED");
    return id !== -1;
  }

  /** Handles a credit frame. Returns false when the frame is invalid. */
  onCredit(peer: PeerRecord, frame: string): boolean {
    const space = frame.indexOf(" ");
    const id = readId(frame, 1, space);
    const count = readCount(frame, space + 1, frame.length);
    if (id === -1 || count === -1) return false;
    return peer.incoming.get(id)?.addCredit(count) ?? true;
  }

  /** A caller waits for no answers any more. */
  abandon(peer: PeerRecord, reason: EndReason): void {
    for (const call of peer.incoming.values()) call.abandon(reason);
  }

  send(to: PeerIdentity, frame: string): void {
    this.#bus.send(to, frame);
  }

  sendControl(to: PeerRecord, frame: string): void {
    this.#controlMessages.send(to, frame);
  }

  settled(call: IncomingCall): void {
    call.peer.incoming.delete(call.id);
    this.#timers.remove(call);
  }

  stopDeadline(call: IncomingCall): void {
    this.#timers.remove(call);
  }

  /** Withdraws all contracts. Settles when all handlers have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#contracts.values()].map((contract) => this.withdraw(contract)));
  }

  #refuse(peer: PeerRecord, idText: string, error: PeekError): void {
    try {
      this.#controlMessages.send(peer, `e${idText}\t${errorBody(error)}`);
    } catch {
      // The caller is gone, or does not read.
    }
  }

  #unknown(name: string): PeekError {
    const [contract = "", procedure = ""] = name.split(" ");
    const { service } = this.#bus.self;
    const message = this.#contracts.has(contract)
      ? `${contract} has no procedure ${procedure} on the ${service} service. Install the same version of the plugin on both sides.`
      : `${contract} is not served on the ${service} service now. Enable the plugin there.`;
    return new PeekError("RPC_UNKNOWN", message);
  }

  /** Plugins that start serve one contract after the other; peers are notified once. */
  #announce(): void {
    if (this.#isAnnouncing || this.#isClosed) return;
    this.#isAnnouncing = true;
    queueMicrotask(() => {
      this.#isAnnouncing = false;
      if (!this.#isClosed) this.#bus.announce(this.serves);
    });
  }
}
