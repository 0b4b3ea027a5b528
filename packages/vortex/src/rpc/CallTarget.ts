import { PeekError } from "@peek/errors";
import type { Peer, PeerIdentity, ServiceName } from "@peek/plugin-base";
import type { RpcContract } from "@peek/plugin-base/contracts";
import type { PeerDirectory } from "./PeerDirectory.ts";
import type { PeerRecord } from "./PeerRecord.ts";
import type { PeerRecords } from "./PeerRecords.ts";

/** Whether there is somebody to be called: there is, there may be soon, there is not. */
export type Outlook = "go" | "stay" | "fail";

/** Whom a client calls. */
export interface CallTarget {
  /**
   * Who gets the next call; undefined when there is nobody.
   *
   * @param wait Whether a call waits for somebody to come.
   */
  pick(wait: boolean): PeerRecord | undefined;
  /** @param wait Whether a call waits for somebody to come. */
  outlook(wait: boolean): Outlook;
  /** Why nobody can be called. */
  absence(): PeekError;
}

/** The least busy instance of a service among those that serve a contract. */
export class ServiceTarget implements CallTarget {
  readonly #directory: PeerDirectory;
  readonly #records: PeerRecords;
  readonly #contract: RpcContract;
  readonly #service: ServiceName;
  /** The bus's list that the candidates are of. */
  #peers: readonly Peer[] | undefined;
  #candidates: PeerRecord[] = [];

  constructor(directory: PeerDirectory, records: PeerRecords, contract: RpcContract, service: ServiceName) {
    this.#directory = directory;
    this.#records = records;
    this.#contract = contract;
    this.#service = service;
    directory.watch(service);
  }

  pick(): PeerRecord | undefined {
    if (!this.#directory.isConnected) return undefined;
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
    const peers = this.#directory.peers(this.#service);
    if (peers !== this.#peers || this.#candidates.some(isClosed)) {
      this.#peers = peers;
      const { name } = this.#contract;
      this.#candidates = peers.filter((peer) => peer.serves.includes(name)).map((peer) => this.#records.of(peer));
    }
    return this.#candidates;
  }

  outlook(wait: boolean): Outlook {
    if (!this.#directory.isConnected) return wait ? "stay" : "fail";
    if (this.candidates().length > 0) return "go";
    if (!this.isComplete) return "stay";
    return wait ? "stay" : "fail";
  }

  /** Whether all that serve it are known. */
  get isComplete(): boolean {
    return this.#directory.watch(this.#service).isComplete;
  }

  absence(): PeekError {
    const missing = this.#directory.obstacle();
    if (missing !== undefined) return missing;
    const { name, plugin } = this.#contract;
    const fields = { service: this.#service, contract: name };
    if (this.#directory.peers(this.#service).length === 0) {
      return new PeekError(
        "VORTEX_NOBODY",
        `${name} cannot be called: no ${this.#service} service is connected. Start one, or let the call wait.`,
        { fields },
      );
    }
    return new PeekError(
      "VORTEX_NOBODY",
      `${name} cannot be called: the ${this.#service} service is connected, but does not serve it. Is ${plugin} enabled there, and has it started?`,
      { fields },
    );
  }
}

/** All instances of a service that serve a contract. */
export class EveryoneTarget extends ServiceTarget {
  override outlook(wait: boolean): Outlook {
    const outlook = super.outlook(wait);
    // Not only those that happen to be known already.
    return outlook === "go" && !this.isComplete ? "stay" : outlook;
  }
}

/** One instance in particular. */
export class InstanceTarget implements CallTarget {
  readonly #directory: PeerDirectory;
  readonly #records: PeerRecords;
  readonly #contract: RpcContract;
  readonly #identity: PeerIdentity;
  /** The bus's list that it was looked for in. */
  #peers: readonly Peer[] | undefined;
  #found: Peer | undefined;

  constructor(directory: PeerDirectory, records: PeerRecords, contract: RpcContract, identity: PeerIdentity) {
    const { service, instance } = identity;
    this.#directory = directory;
    this.#records = records;
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
    const peer = this.#peer();
    if (peer === undefined && !this.#directory.watch(this.#identity.service).isComplete) return "stay";
    if (!wait) return "go";
    return peer?.serves.includes(this.#contract.name) === true ? "go" : "stay";
  }

  #peer(): Peer | undefined {
    const peers = this.#directory.peers(this.#identity.service);
    if (peers !== this.#peers) {
      this.#peers = peers;
      this.#found = peers.find(({ instance }) => instance === this.#identity.instance);
    }
    return this.#found;
  }

  absence(): PeekError {
    const { service, instance } = this.#identity;
    const missing = this.#directory.obstacle();
    if (missing !== undefined) return missing;
    const { name } = this.#contract;
    return new PeekError(
      "VORTEX_NOBODY",
      `${name} cannot be called: ${instance} is not connected, or does not serve it.`,
      {
        fields: { service, instance, contract: name },
      },
    );
  }
}

function isClosed(record: PeerRecord): boolean {
  return record.closed;
}
