import type { Bus } from "@peek/bus";
import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";
import { QueueBudget } from "../QueueBudget.ts";
import { errorBody } from "./callFailure.ts";
import type { EndReason } from "./CallSignal.ts";
import type { ControlMessages } from "./ControlMessages.ts";
import { maxHeaderLength, readCount, readId } from "./frames.ts";
import { HeldContract } from "./HeldContract.ts";
import { type CallResponder, IncomingCall } from "./IncomingCall.ts";
import type { PeerRecord, PeerRecords } from "./PeerRecords.ts";
import type { CallRequest } from "./ReceivedCall.ts";
import { serviceStopping } from "./rpcErrors.ts";
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
  /** The contracts of suspended plugins, by name. */
  readonly #held = new Map<string, HeldContract>();
  /** How many calls have been held. */
  #heldCount = 0;
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

  /** The names of the served contracts, sorted: also of those that a suspended plugin has withdrawn. */
  get serves(): readonly string[] {
    return [...new Set([...this.#contracts.keys(), ...this.#held.keys()])].sort();
  }

  /** How many calls wait: for their turn, or for a suspended plugin. */
  get queued(): number {
    let queued = 0;
    for (const contract of this.#contracts.values()) queued += contract.queued;
    for (const held of this.#held.values()) queued += held.size;
    return queued;
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
      for (const call of incoming.values()) {
        if (call instanceof IncomingCall && call.contract === contract) call.close();
      }
    }
    if (contract.running === 0) return;
    using _warning = new SlowStopWarning(this.#timers, () => contract.logRunning());
    await closed;
  }

  /**
   * Holds the calls of a plugin's contracts: those that wait, and all that arrive until {@link resume}. Ends its streams.
   *
   * @returns Resolves when none of the plugin's handlers runs.
   */
  async hold(plugin: string): Promise<void> {
    if (this.#isClosed) return;
    const contracts = [...this.#contracts.values()].filter((contract) => contract.plugin === plugin);
    for (const contract of contracts) {
      const { name, queueLimit: limit } = contract;
      if (!this.#held.has(name)) {
        const held = new HeldContract({ name, plugin, limit, budget: this.#budget, timers: this.#timers });
        this.#held.set(name, held);
      }
      for (const call of contract.takeQueued()) {
        this.settled(call);
        this.#hold(call.request, call.remainingMs);
      }
      contract.interruptStreams();
    }
    await Promise.all(contracts.map((contract) => contract.idle()));
  }

  /** Runs the held calls of a plugin, in the order of their arrival, or refuses them where the plugin does not serve their procedures. */
  resume(plugin: string): void {
    const contracts = [...this.#held.values()].filter((held) => held.plugin === plugin);
    // A call that arrives meanwhile is held too: no call overtakes another.
    while (contracts.some(({ size }) => size > 0)) {
      const calls = contracts.flatMap((held) => held.takeAll());
      for (const call of calls.toSorted((one, other) => one.sequence - other.sequence)) {
        this.#run(call.request, Math.max(0, call.dueAt - performance.now()));
      }
    }
    for (const { name } of contracts) this.#held.delete(name);
    if (contracts.length > 0) this.#announce();
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
      this.#refuse({ peer, idText }, new PeekError("VORTEX_FRAME_INVALID", "The header of the call is invalid."));
      return false;
    }
    const request = {
      peer,
      id,
      idText,
      route: frame.slice(afterTime + 1, tab),
      body: frame.slice(tab + 1),
      deadlineMs,
    };
    if (this.#held.size === 0 || !this.#hold(request, deadlineMs)) this.#run(request, deadlineMs);
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
    for (const held of this.#held.values()) {
      for (const { request } of held.takeAll()) this.#refuse(request, serviceStopping(this.#bus.self.service));
    }
    this.#held.clear();
    await Promise.all([...this.#contracts.values()].map((contract) => this.withdraw(contract)));
  }

  /** Has a call wait if its plugin is suspended. Returns false for other calls. */
  #hold(request: CallRequest, remainingMs: number): boolean {
    const { route } = request;
    const held = this.#held.get(route.slice(0, route.indexOf(" ")));
    if (held === undefined) return false;
    this.#heldCount += 1;
    const refused = held.hold(request, this.#heldCount, remainingMs);
    if (refused !== undefined) {
      const { name, plugin, size } = held;
      const message = `${name} is busy: ${plugin} is being updated, and ${size} calls wait. Call later.`;
      this.#refuse(refused, new PeekError("RPC_BUSY", message, { fields: { queued: size } }));
    }
    return true;
  }

  #run(request: CallRequest, remainingMs: number): void {
    const route = this.#routes.get(request.route);
    if (route === undefined) {
      this.#refuse(request, this.#unknown(request.route));
      return;
    }
    const { contract, procedure } = route;
    const call = new IncomingCall(this, request, contract, procedure);
    const error = contract.accessError(call);
    if (error !== undefined) {
      call.refuse(error);
      return;
    }
    call.peer.incoming.set(call.id, call);
    this.#timers.add(call, remainingMs);
    contract.offer(call);
  }

  #refuse({ peer, idText }: Pick<CallRequest, "peer" | "idText">, error: PeekError): void {
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
