import type { PeerIdentity } from "@peek/plugin-base";
import type { CalledPeer, OutgoingCall } from "./OutgoingCall.ts";
import type { CallingPeer, ReceivedCall } from "./ReceivedCall.ts";

/** The open calls between this process and a peer, which may be the process itself. */
export class PeerRecord implements CalledPeer, CallingPeer {
  readonly identity: PeerIdentity;
  readonly outgoing = new Map<number, OutgoingCall>();
  readonly incoming = new Map<number, ReceivedCall>();
  /** Whether the peer is gone, or the record was swept. Later calls need another record. */
  isClosed = false;
  /** Whether the bus lists the peer as connected. The bus reports its end, so only that removes the record. */
  isListed = false;
  queuedChars = 0;

  constructor({ service, instance }: PeerIdentity) {
    this.identity = { service, instance };
  }
}

/** From this size on, records without open calls are removed, unless the bus lists their peers. */
const sweepSize = 1000;

/** The records of all peers that calls were exchanged with. */
export class PeerRecords {
  readonly #records = new Map<string, PeerRecord>();
  /** Most messages come from the same peer as the message before. */
  #last: PeerRecord | undefined;
  #sweepAt = sweepSize;
  #removals = 0;

  /** Counts removals: a cache of records is valid as long as the count stays. */
  get removals(): number {
    return this.#removals;
  }

  /** Returns the record of a peer; creates it when there is none. */
  of(identity: PeerIdentity): PeerRecord {
    const { instance } = identity;
    if (this.#last?.identity.instance === instance) return this.#last;
    this.#last = this.#records.get(instance) ?? this.#add(identity);
    return this.#last;
  }

  /** Returns the record of a peer that the bus lists as connected. */
  listed(identity: PeerIdentity): PeerRecord {
    const record = this.of(identity);
    record.isListed = true;
    return record;
  }

  all(): IterableIterator<PeerRecord> {
    return this.#records.values();
  }

  /** Removes and closes a record. */
  remove(instance: string): PeerRecord | undefined {
    const record = this.#records.get(instance);
    if (record === undefined) return undefined;
    record.isClosed = true;
    this.#removals += 1;
    this.#records.delete(instance);
    if (this.#last === record) this.#last = undefined;
    return record;
  }

  #add(identity: PeerIdentity): PeerRecord {
    const record = new PeerRecord(identity);
    this.#records.set(identity.instance, record);
    if (this.#records.size > this.#sweepAt) this.#sweep(record);
    return record;
  }

  #sweep(except: PeerRecord): void {
    for (const record of this.#records.values()) {
      const isIdle = record.outgoing.size === 0 && record.incoming.size === 0;
      if (isIdle && !record.isListed && record !== except) this.remove(record.identity.instance);
    }
    this.#sweepAt = Math.max(sweepSize, 2 * this.#records.size);
  }
}
