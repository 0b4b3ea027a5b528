import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";
import type { Bus } from "@peek/bus";
import type { TimingWheel } from "./TimingWheel.ts";
import { errorBody } from "./errorBody.ts";
import { maxHeaderLength, readCount, readId } from "./frames.ts";
import { type CallHost, type EndReason, IncomingCall } from "./IncomingCall.ts";
import { SlowStopWarning } from "./SlowStopWarning.ts";
import type { ControlMessages } from "./ControlMessages.ts";
import type { PeerRecord } from "./PeerRecord.ts";
import type { PeerRecords } from "./PeerRecords.ts";
import { QueueBudget } from "../QueueBudget.ts";
import { ServedContract, type ServedContractOptions } from "./ServedContract.ts";
import type { ServedProcedure } from "./ServedProcedure.ts";

/** Answers the calls of the contracts that are served in this process. */
export class RpcServer implements CallHost {
  readonly #bus: Bus;
  readonly #records: PeerRecords;
  readonly #deadlines: TimingWheel;
  readonly #notices: ControlMessages;
  /** What waits for its turn, over all contracts. */
  readonly #room = new QueueBudget();
  readonly #contracts = new Map<string, ServedContract>();
  /** By `<contract> <procedure>`, as it is in the header of a call. */
  readonly #procedures = new Map<string, ServedProcedure>();
  #isAnnouncing = false;
  #isClosed = false;

  constructor(bus: Bus, records: PeerRecords, deadlines: TimingWheel, notices: ControlMessages) {
    this.#bus = bus;
    this.#records = records;
    this.#deadlines = deadlines;
    this.#notices = notices;
  }

  get contracts(): Iterable<ServedContract> {
    return this.#contracts.values();
  }

  /** The names of the contracts that are served, sorted. */
  get serves(): readonly string[] {
    return [...this.#contracts.keys()].sort();
  }

  /**
   * Serves a contract.
   *
   * @throws PeekError `RPC_ALREADY_SERVED` or `CONTRACT_INVALID`
   */
  serve(options: Omit<ServedContractOptions, "room" | "deadlines">): ServedContract {
    const { name } = options.contract;
    if (this.#contracts.has(name)) {
      throw new PeekError("RPC_ALREADY_SERVED", `${name} is served on this service already. Serve it once.`, {
        fields: { contract: name },
      });
    }
    const served = new ServedContract({ ...options, room: this.#room, deadlines: this.#deadlines });
    this.#contracts.set(name, served);
    for (const [procedure, each] of served.procedures) this.#procedures.set(`${name} ${procedure}`, each);
    this.#announce();
    return served;
  }

  /** Serves a contract no longer. Settles when its handlers have. */
  async withdraw(contract: ServedContract): Promise<void> {
    if (this.#contracts.get(contract.name) === contract) {
      this.#contracts.delete(contract.name);
      for (const procedure of contract.procedures.keys()) this.#procedures.delete(`${contract.name} ${procedure}`);
      this.#announce();
    }
    const closed = contract.close();
    for (const record of this.#records.all()) {
      for (const call of record.incoming.values()) if (call.procedure.contract === contract) call.close();
    }
    if (contract.running === 0) return;
    using _notice = new SlowStopWarning(this.#deadlines, () => contract.logRunning());
    await closed;
  }

  /** Takes a call. Returns whether it is one. */
  onCall(peer: PeerRecord, text: string): boolean {
    const tab = text.indexOf("\t");
    const afterId = text.indexOf(" ");
    const id = readId(text, 1, afterId);
    if (id === -1 || peer.incoming.has(id)) return false;
    const idText = text.slice(1, afterId);
    const afterTime = text.indexOf(" ", afterId + 1);
    const deadlineMs = readCount(text, afterId + 1, afterTime);
    if (deadlineMs === -1 || tab < afterTime || tab > maxHeaderLength) {
      this.#refuse(peer, idText, new PeekError("VORTEX_FRAME_INVALID", "The header of a call was not understood."));
      return false;
    }
    const name = text.slice(afterTime + 1, tab);
    const procedure = this.#procedures.get(name);
    if (procedure === undefined) {
      this.#refuse(peer, idText, this.#unknown(name));
      return true;
    }
    const call = new IncomingCall(this, peer, id, idText, procedure, text.slice(tab + 1), deadlineMs);
    const { contract } = procedure;
    const objection = contract.objection(call);
    if (objection !== undefined) {
      call.refuse(objection);
      return true;
    }
    peer.incoming.set(id, call);
    this.#deadlines.add(call, deadlineMs);
    contract.offer(call);
    return true;
  }

  /** Takes the notice that a caller has given up. Returns whether it is one. */
  onCancel(peer: PeerRecord, text: string): boolean {
    const isLate = text.endsWith(" d");
    const id = readId(text, 1, isLate ? text.length - 2 : text.length);
    // One that was answered meanwhile is not there any more.
    peer.incoming.get(id)?.abandon(isLate ? "DEADLINE_EXCEEDED" : "CALL_CANCELLED");
    return id !== -1;
  }

  /** Takes the notice that items of a stream were taken. Returns whether it is one. */
  onTaken(peer: PeerRecord, text: string): boolean {
    const space = text.indexOf(" ");
    const id = readId(text, 1, space);
    const count = readCount(text, space + 1, text.length);
    if (id === -1 || count === -1) return false;
    return peer.incoming.get(id)?.taken(count) ?? true;
  }

  /** A caller waits for nothing any more. */
  abandon(peer: PeerRecord, reason: EndReason): void {
    for (const call of peer.incoming.values()) call.abandon(reason);
  }

  send(to: PeerIdentity, text: string): void {
    this.#bus.send(to, text);
  }

  notify(to: PeerRecord, text: string): void {
    this.#notices.send(to, text);
  }

  settled(call: IncomingCall): void {
    call.peer.incoming.delete(call.id);
    this.#deadlines.remove(call);
  }

  untimed(call: IncomingCall): void {
    this.#deadlines.remove(call);
  }

  /** Serves nothing any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#contracts.values()].map((contract) => this.withdraw(contract)));
  }

  #refuse(peer: PeerRecord, idText: string, error: PeekError): void {
    try {
      this.#notices.send(peer, `e${idText}\t${errorBody(error)}`);
    } catch {
      // The caller is gone, or does not read; it has no claim to more.
    }
  }

  #unknown(name: string): PeekError {
    const [contract = "", procedure = ""] = name.split(" ");
    const { service } = this.#bus.self;
    const message = this.#contracts.has(contract)
      ? `${contract} has no procedure ${procedure} on the ${service} service. Bring the plugin to the same version on both sides.`
      : `${contract} is not served on the ${service} service now. Enable the plugin there.`;
    return new PeekError("RPC_UNKNOWN", message);
  }

  /** Plugins that start serve one after the other; the others are told once. */
  #announce(): void {
    if (this.#isAnnouncing || this.#isClosed) return;
    this.#isAnnouncing = true;
    queueMicrotask(() => {
      this.#isAnnouncing = false;
      if (!this.#isClosed) this.#bus.announce(this.serves);
    });
  }
}
