import { PeekError } from "@peek/errors";
import type { Peer, PeerIdentity, ServiceName } from "@peek/plugin-base";
import type { RpcContract } from "@peek/plugin-base/contracts";
import type { PeerDirectory } from "./PeerDirectory.ts";
import type { PeerRecord, PeerRecords } from "./PeerRecords.ts";
import { type Readiness, type SendTarget, serviceKey } from "./PendingSends.ts";
import type { ServiceWatcher } from "./ServiceWatcher.ts";

/** The peers that a client may call. */
export interface CallTarget extends SendTarget {
  /**
   * Picks the peer for the next call; undefined when there is none, or the call has to wait.
   *
   * @param wait Whether calls wait for a peer to connect.
   */
  pick(wait: boolean): PeerRecord | undefined;
}

/** The least busy instance of a service that serves a contract. */
export class ServiceTarget implements CallTarget {
  readonly service: ServiceName;
  readonly key: string;
  readonly title: string;
  readonly #directory: PeerDirectory;
  readonly #records: PeerRecords;
  readonly #contract: RpcContract;
  readonly #watcher: ServiceWatcher;
  /** The bus's list that the candidates were computed from. */
  #peers: readonly Peer[] | undefined;
  /** {@link PeerRecords.removals} when the candidates were computed. */
  #removals = 0;
  #candidates: PeerRecord[] = [];

  constructor(directory: PeerDirectory, records: PeerRecords, contract: RpcContract, service: ServiceName) {
    this.service = service;
    this.key = serviceKey(service, contract.name);
    this.#directory = directory;
    this.#records = records;
    this.title = contract.name;
    this.#contract = contract;
    this.#watcher = directory.watch(service);
  }

  pick(): PeerRecord | undefined {
    if (!this.#watcher.isComplete || !this.#directory.isConnected) return undefined;
    const candidates = this.candidates();
    const count = candidates.length;
    if (count < 2) return candidates[0];
    // Least connections; round robin among equals.
    const start = this.#directory.nextIndex(count);
    let best: PeerRecord | undefined;
    for (let step = 0; step < count; step += 1) {
      const each = candidates[(start + step) % count];
      if (each !== undefined && (best === undefined || each.outgoing.size < best.outgoing.size)) best = each;
      if (best?.outgoing.size === 0) break;
    }
    return best;
  }

  /** All connected instances that serve the contract. */
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

  // A complete list is waited for, so that calls are spread over all instances, and keep their order.
  readiness(wait: boolean): Readiness {
    if (!this.#directory.isConnected) return wait ? "pending" : "unavailable";
    if (!this.#watcher.isComplete) return "pending";
    if (this.candidates().length > 0) return "ready";
    return wait ? "pending" : "unavailable";
  }

  unavailableError(): PeekError {
    const error = this.#directory.connectionError();
    if (error !== undefined) return error;
    const advice = this.#hasNoInstance ? " Start one, or call with wait: true." : "";
    return new PeekError("VORTEX_NOBODY", `${this.title} cannot be called: ${this.#reason()}${advice}`, {
      fields: { service: this.service, contract: this.title },
    });
  }

  describe(): string {
    return `to call ${this.title} on ${this.service}: ${reasonOf(this.#directory, () => this.#reason())}`;
  }

  get #hasNoInstance(): boolean {
    return this.#directory.peers(this.service).length === 0;
  }

  #reason(): string {
    if (this.#hasNoInstance) return `no ${this.service} service is connected.`;
    const { plugin } = this.#contract;
    return `the ${this.service} service is connected, but does not serve it. Check that ${plugin} is enabled there, and has started.`;
  }
}

/** One particular instance. */
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
    return this.readiness(wait) === "ready" ? this.#records.of(this.#identity) : undefined;
  }

  // Once the list is complete, a call without wait is sent in any case: the bus knows whether the instance is connected, and the
  // instance whether it serves the contract. The list may lag behind, and never contains observers.
  readiness(wait: boolean): Readiness {
    if (!this.#directory.isConnected) return wait ? "pending" : "ready";
    if (!this.#directory.watch(this.service).isComplete) return "pending";
    if (!wait) return "ready";
    return this.#directory.peer(this.#identity)?.serves.includes(this.#contract.name) === true ? "ready" : "pending";
  }

  unavailableError(): PeekError {
    const { service, instance } = this.#identity;
    const error = this.#directory.connectionError();
    if (error !== undefined) return error;
    return new PeekError("VORTEX_NOBODY", `${this.title} cannot be called: ${this.#reason()}`, {
      fields: { service, instance, contract: this.title },
    });
  }

  describe(): string {
    const { service, instance } = this.#identity;
    return `to call ${this.title} on ${service} (${instance}): ${reasonOf(this.#directory, () => this.#reason())}`;
  }

  #reason(): string {
    return `${this.#identity.instance} is not connected, or does not serve it.`;
  }
}

function reasonOf(directory: PeerDirectory, reason: () => string): string {
  return directory.isConnected ? reason() : `the ${directory.self.service} service is not connected to the others.`;
}
