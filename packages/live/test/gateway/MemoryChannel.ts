import { PeekError, type PeekErrorCode } from "@peek/errors";
import type { Staleness } from "@peek/live-protocol";
import type { ChannelUpdate, FollowInput } from "../../src/rpc/ObservablesRpc.ts";

/** A row of a channel, whose key is its id. */
export interface Row {
  readonly id: number;
  readonly text: string;
}

/** A channel of {@link MemoryLogic}. It remembers in which step each row was changed, and makes deltas of that. */
export class MemoryChannel {
  /** Undefined: logic has not answered yet. */
  key: readonly string[] | undefined = ["id"];
  /** Whether logic answers new followers. */
  isLive = true;
  staleness: Staleness | undefined;
  /** Why it cannot be followed while it has no rows. */
  trouble: { readonly code: PeekErrorCode; readonly message: string } | undefined;
  readonly epoch = "e1";
  /** Undefined while it has no rows. */
  offset: number | undefined;
  /** How many streams follow it. */
  followers = 0;
  readonly #rows = new Map<number, { readonly row: Row; readonly offset: number; readonly insertedAt: number }>();
  #changed = Promise.withResolvers<void>();

  get rows(): readonly Row[] {
    return [...this.#rows.values()].map(({ row }) => row);
  }

  /** Changes rows, and notifies followers. */
  put(...rows: readonly Row[]): void {
    this.offset = (this.offset ?? 0) + 1;
    const { offset } = this;
    for (const row of rows) {
      this.#rows.set(row.id, { row, offset, insertedAt: this.#rows.get(row.id)?.insertedAt ?? offset });
    }
    this.notify();
  }

  /** Has followers look at it again. */
  notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** The updates of one follower, as logic sends them. @param lost Rejects when the connection is lost. */
  async *updates({ at, guarded }: FollowInput, lost: Promise<never>): AsyncGenerator<ChannelUpdate, undefined> {
    this.followers += 1;
    try {
      let offset = at?.epoch === this.epoch ? at.offset : undefined;
      let isOpen = false;
      let isConfirmed = false;
      let sent: Staleness | undefined;
      for (;;) {
        const { key, staleness, trouble, epoch } = this;
        if (trouble !== undefined && this.offset === undefined) throw new PeekError(trouble.code, trouble.message);
        if (!this.isLive || key === undefined) await Promise.race([this.#changed.promise, lost]);
        else if (!isOpen) {
          isOpen = true;
          yield { k: "open", key: [...key], guarded };
        } else if (sent !== staleness && staleness !== undefined) {
          sent = staleness;
          yield { k: "stale", age: performance.now() - staleness.at, why: staleness.reason };
        } else if (this.offset !== undefined && (!isConfirmed || this.offset !== offset)) {
          const from = offset;
          offset = this.offset;
          isConfirmed = true;
          const to = { e: epoch, o: offset };
          if (from === undefined) yield { k: "snapshot", ...to, rows: JSON.stringify(this.rows) };
          else if (from === offset) yield { k: "unchanged", ...to };
          else yield { k: "delta", ...to, f: from, d: this.#delta(from) };
        } else if (sent !== staleness) {
          sent = undefined;
          yield { k: "current" };
        } else await Promise.race([this.#changed.promise, lost]);
      }
    } finally {
      this.followers -= 1;
    }
  }

  #delta(from: number): string {
    const rows = [...this.#rows.values()];
    const u = rows.flatMap((each) => (each.offset > from && each.insertedAt <= from ? [each.row] : []));
    const i = rows.flatMap((each, index) => (each.insertedAt > from ? [[index, each.row]] : []));
    return JSON.stringify({ u, i });
  }
}
