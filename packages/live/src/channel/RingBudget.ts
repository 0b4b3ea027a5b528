/** Something that can discard its oldest parts. */
export interface Trimmable {
  /** How many characters it keeps. */
  readonly chars: number;
  /** Discards its oldest parts until it keeps no more characters than this. */
  trim(chars: number): void;
}

/** How many characters of their histories all channels of a process keep. */
const defaultChars = 256 * 1024 * 1024;

/** Bounds the memory of the histories of all channels of a process: those that keep most discard their oldest steps first. */
export class RingBudget {
  readonly #limit: number;
  readonly #rings = new Set<Trimmable>();
  #chars = 0;

  /** @param limit In characters. */
  constructor(limit: number = defaultChars) {
    this.#limit = limit;
  }

  /** How many characters are kept. */
  get chars(): number {
    return this.#chars;
  }

  add(ring: Trimmable): void {
    this.#rings.add(ring);
  }

  /** The ring must be empty. */
  remove(ring: Trimmable): void {
    this.#rings.delete(ring);
  }

  /** A ring keeps more or fewer characters than before. */
  changed(chars: number): void {
    this.#chars += chars;
    // Trimming calls it too.
    if (chars > 0 && this.#chars > this.#limit) this.#relieve();
  }

  /** Trims more than it has to: a look at all rings takes time. */
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
