import type { PeerIdentity } from "@peek/plugin-base";
import { PeerRecord } from "./PeerRecord.ts";

/** With so many, those that nothing goes on with, and of whose end there may be no news, are let go of. */
const many = 1000;

/** The records of all peers that there is something with. */
export class PeerRecords {
  readonly #records = new Map<string, PeerRecord>();
  /** Most texts come from where the one before came from. */
  #last: PeerRecord | undefined;
  #sweepAt = many;
  #removals = 0;

  /** How many have been taken out: who keeps records can tell by that whether they still hold. */
  get removals(): number {
    return this.#removals;
  }

  /** The record of a peer; it is made when there is none. */
  of(identity: PeerIdentity): PeerRecord {
    const { instance } = identity;
    if (this.#last?.identity.instance === instance) return this.#last;
    this.#last = this.#records.get(instance) ?? this.#add(identity);
    return this.#last;
  }

  /** The record of a peer that is known to be connected. */
  listed(identity: PeerIdentity): PeerRecord {
    const record = this.of(identity);
    record.isListed = true;
    return record;
  }

  all(): IterableIterator<PeerRecord> {
    return this.#records.values();
  }

  /** Takes a record out. */
  remove(instance: string): PeerRecord | undefined {
    const record = this.#records.get(instance);
    if (record === undefined) return undefined;
    record.closed = true;
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

  #sweep(besides: PeerRecord): void {
    for (const record of this.#records.values()) {
      const isIdle = record.outgoing.size === 0 && record.incoming.size === 0;
      if (isIdle && !record.isListed && record !== besides) this.remove(record.identity.instance);
    }
    this.#sweepAt = Math.max(many, 2 * this.#records.size);
  }
}
