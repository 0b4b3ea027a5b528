/** Something whose oldest parts can be given up. */
export interface Trimmable {
  /** How much it keeps; characters. */
  readonly chars: number;
  /** Gives up its oldest parts until it keeps no more than this. */
  trim(chars: number): void;
}

/** How much all channels of a process keep of their pasts: 256 MiB. */
const defaultChars = 256 * 1024 * 1024;

/** Bounds what the channels of a process keep of their pasts: the oldest of those that keep most goes first. */
export class RingBudget {
  readonly #limit: number;
  readonly #rings = new Set<Trimmable>();
  #chars = 0;

  /** @param limit Characters. */
  constructor(limit: number = defaultChars) {
    this.#limit = limit;
  }

  /** How much is kept; characters. */
  get chars(): number {
    return this.#chars;
  }

  add(ring: Trimmable): void {
    this.#rings.add(ring);
  }

  /** What it keeps has to be nothing by then. */
  remove(ring: Trimmable): void {
    this.#rings.delete(ring);
  }

  /** A ring keeps more, or less, than before. */
  changed(chars: number): void {
    this.#chars += chars;
    // What is given up is told as well.
    if (chars > 0 && this.#chars > this.#limit) this.#relieve();
  }

  /** Makes room for a while: looking at all of them takes time. */
  #relieve(): void {
    const sizes = [...this.#rings].map(({ chars }) => chars).sort((a, b) => a - b);
    let left = (this.#limit * 7) / 8;
    let share = 0;
    for (const [index, size] of sizes.entries()) {
      share = left / (sizes.length - index);
      if (size > share) break;
      left -= size;
    }
    for (const ring of this.#rings) if (ring.chars > share) ring.trim(share);
  }
}
