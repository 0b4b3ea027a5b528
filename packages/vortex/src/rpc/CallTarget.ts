import { PeekError } from "@peek/errors";
import type { Peer, PeerIdentity, ServiceName } from "@peek/plugin-base";
import type { RpcContract } from "@peek/plugin-base/contracts";
import type { PeerDirectory } from "./PeerDirectory.ts";
import type { PeerRecord } from "./PeerRecord.ts";
import type { PeerRecords } from "./PeerRecords.ts";
import type { Outlook, WaitTarget } from "./PeerWait.ts";
import { serviceKey } from "./PeerWaits.ts";
import type { ServiceWatcher } from "./ServiceWatcher.ts";

/** Whom a client calls. */
export interface CallTarget extends WaitTarget {
  /**
   * Who gets the next call; undefined when there is nobody, or it has to wait.
   *
   * @param wait Whether a call waits for somebody to come.
   */
  pick(wait: boolean): PeerRecord | undefined;
}

/** The least busy instance of a service among those that serve a contract. */
export class ServiceTarget implements CallTarget {
  readonly service: ServiceName;
  readonly key: string;
  readonly title: string;
  readonly #directory: PeerDirectory;
  readonly #records: PeerRecords;
  readonly #contract: RpcContract;
  readonly #watch: ServiceWatcher;
  /** The bus's list that the candidates are of. */
  #peers: readonly Peer[] | undefined;
  /** What {@link PeerRecords.removals} was then. */
  #removals = 0;
  #candidates: PeerRecord[] = [];

  constructor(directory: PeerDirectory, records: PeerRecords, contract: RpcContract, service: ServiceName) {
    this.service = service;
    this.key = serviceKey(service, contract.name);
    this.#directory = directory;
    this.#records = records;
    this.title = contract.name;
    this.#contract = contract;
    this.#watch = directory.watch(service);
  }

  pick(): PeerRecord | undefined {
    if (!this.#watch.isComplete || !this.#directory.isConnected) return undefined;
    const candidates = this.candidates();
    const count = candidates.length;
    if (count < 2) return candidates[0];
    // Among those that are equally busy, all have their turn.
    const start = this.#directory.turn(count);
    let best: PeerRecord | undefined;
    for (let step = 0; step < count; step += 1) {
      const each = candidates[(start + step) % count];
      if (each !== undefined && (best === undefined || each.outgoing.size < best.outgoing.size)) best = each;
      if (best?.outgoing.size === 0) break;
    }
    return best;
  }

  /** All that serve the contract now. */
  candidates(): readonly PeerRecord[] {
    const peers = this.#directory.peers(this.service);
    if (peers !== this.#peers || this.#removals !== this.#records.removals) {
      const { name } = this.#contract;
      this.#candidates = peers.filter((peer) => peer.serves.includes(name)).map((peer) => this.#records.listed(peer));
      this.#peers = peers;
      this.#removals = this.#records.removals;
    }
    return this.#candidates;
  }

  // Not before all are known: then the calls are spread over all, and are made in their order.
  outlook(wait: boolean): Outlook {
    if (!this.#directory.isConnected) return wait ? "stay" : "fail";
    if (!this.#watch.isComplete) return "stay";
    if (this.candidates().length > 0) return "go";
    return wait ? "stay" : "fail";
  }

  absence(): PeekError {
    const missing = this.#directory.obstacle();
    if (missing !== undefined) return missing;
    const advice = this.#nobodyAtAll ? " Start one, or let the call wait." : "";
    return new PeekError("VORTEX_NOBODY", `${this.title} cannot be called: ${this.#lack()}${advice}`, {
      fields: { service: this.service, contract: this.title },
    });
  }

  need(): string {
    return `to call ${this.title} on ${this.service}: ${lackOf(this.#directory, () => this.#lack())}`;
  }

  get #nobodyAtAll(): boolean {
    return this.#directory.peers(this.service).length === 0;
  }

  #lack(): string {
    if (this.#nobodyAtAll) return `no ${this.service} service is connected.`;
    const { plugin } = this.#contract;
    return `the ${this.service} service is connected, but does not serve it. Is ${plugin} enabled there, and has it started?`;
  }
}

/** One instance in particular. */
export class InstanceTarget implements CallTarget {
  readonly service: ServiceName;
  readonly key: string;
  readonly title: string;
  readonly #directory: PeerDirectory;
  readonly #records: PeerRecords;
  readonly #contract: RpcContract;
  readonly #identity: PeerIdentity;

  constructor(directory: PeerDirectory, records: PeerRecords, contract: RpcContract, identity: PeerIdentity) {
    const { service, instance } = identity;
    this.service = service;
    this.key = instance;
    this.#directory = directory;
    this.#records = records;
    this.title = contract.name;
    this.#contract = contract;
    this.#identity = { service, instance };
  }

  pick(wait: boolean): PeerRecord | undefined {
    return this.outlook(wait) === "go" ? this.#records.of(this.#identity) : undefined;
  }

  // Once all are known, the bus tells whether it is there, and it itself whether it serves the contract: it may call before
  // others have been told what it serves; and who only looks on is known to nobody.
  outlook(wait: boolean): Outlook {
    if (!this.#directory.isConnected) return wait ? "stay" : "go";
    if (!this.#directory.watch(this.service).isComplete) return "stay";
    if (!wait) return "go";
    return this.#directory.peer(this.#identity)?.serves.includes(this.#contract.name) === true ? "go" : "stay";
  }

  absence(): PeekError {
    const { service, instance } = this.#identity;
    const missing = this.#directory.obstacle();
    if (missing !== undefined) return missing;
    return new PeekError("VORTEX_NOBODY", `${this.title} cannot be called: ${this.#lack()}`, {
      fields: { service, instance, contract: this.title },
    });
  }

  need(): string {
    const { service, instance } = this.#identity;
    return `to call ${this.title} on ${service} (${instance}): ${lackOf(this.#directory, () => this.#lack())}`;
  }

  #lack(): string {
    return `${this.#identity.instance} is not connected, or does not serve it.`;
  }
}

function lackOf(directory: PeerDirectory, lack: () => string): string {
  return directory.isConnected ? lack() : `the ${directory.self.service} service is not connected to the others.`;
}
