/** A browser that is sent large frames. */
export interface FrameHolder {
  /** There may be memory for the frame that was refused: it has to be asked for again now, or not at all. */
  onMemoryFree(): void;
  /** It has to release its frames, and close: it reads slowly, and others need the memory. */
  onEvicted(): void;
}

/** A large frame on its way to some browsers. */
interface FrameInFlight {
  bytes: number;
  /** The tick in which it was begun for the last of them. */
  begunAt: number;
  readonly holders: Set<FrameHolder>;
}

/** After how many ticks a browser that is sent a frame may be evicted. */
const slowTicks = 10;

/**
 * The memory of the large frames that are on their way to browsers. A frame that many browsers are sent counts once, but each slow
 * browser keeps its frame while its channel goes on. When the memory is used up, browsers wait; when the frames are held by slow
 * browsers, the holders of the frame with the fewest holders are evicted.
 */
export class FrameMemoryBudget {
  readonly #maxBytes: number;
  readonly #inFlight = new Map<object, FrameInFlight>();
  /** Served in this order. */
  readonly #waiting = new Set<FrameHolder>();
  #bytes = 0;
  #now = 0;
  /** The one that is being served, of those that wait. */
  #served: FrameHolder | undefined;
  #isRefused = false;

  /** @param maxBytes A single frame that is larger is sent while there is no other. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes are taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes memory for a frame on its way to a browser. It has to be {@link release}d.
   *
   * @param frame Its identity.
   * @returns False when there is none: the browser is notified when to ask again.
   */
  take(frame: object, bytes: number, holder: FrameHolder): boolean {
    const isNext = this.#waiting.size === 0 || this.#served === holder;
    const fits = this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes;
    if (this.#inFlight.has(frame) || (isNext && fits)) {
      this.add(frame, bytes, holder);
      return true;
    }
    this.#waiting.add(holder);
    if (this.#served === holder) this.#isRefused = true;
    return false;
  }

  /** Takes memory even when there is none: for a frame that cannot wait. */
  add(frame: object, bytes: number, holder: FrameHolder): void {
    const known = this.#inFlight.get(frame);
    if (known !== undefined) {
      known.holders.add(holder);
      known.begunAt = this.#now;
      return;
    }
    this.#inFlight.set(frame, { bytes, begunAt: this.#now, holders: new Set([holder]) });
    this.#bytes += bytes;
  }

  /** Corrects the size of a frame that was estimated before it was compressed. */
  resize(frame: object, bytes: number): void {
    const known = this.#inFlight.get(frame);
    if (known === undefined || known.bytes === bytes) return;
    this.#bytes += bytes - known.bytes;
    known.bytes = bytes;
    this.#serve();
  }

  /** A frame was sent to a browser, or never will be. */
  release(frame: object, holder: FrameHolder): void {
    const known = this.#inFlight.get(frame);
    if (known?.holders.delete(holder) !== true || known.holders.size > 0) return;
    this.#inFlight.delete(frame);
    this.#bytes -= known.bytes;
    this.#serve();
  }

  /** A browser does not wait any more. */
  leave(holder: FrameHolder): void {
    // The next may want less.
    if (this.#waiting.delete(holder)) this.#serve();
  }

  /** To be called with each tick: evicts slow browsers while others wait. */
  tick(): void {
    this.#now += 1;
    while (this.#waiting.size > 0) {
      const slowest = this.#slowest();
      if (slowest === undefined) return;
      const [frame, { holders }] = slowest;
      // Browsers that begin to hold it when the memory is freed are not slow.
      for (const each of [...holders]) {
        each.onEvicted();
        this.release(frame, each);
      }
    }
  }

  /** Of the frames that no browser has begun to read lately, the one with the fewest holders; the oldest of these. */
  #slowest(): readonly [object, FrameInFlight] | undefined {
    let slowest: readonly [object, FrameInFlight] | undefined;
    for (const each of this.#inFlight) {
      if (this.#now - each[1].begunAt < slowTicks) continue;
      if (slowest === undefined || each[1].holders.size < slowest[1].holders.size) slowest = each;
    }
    return slowest;
  }

  #serve(): void {
    if (this.#served !== undefined) return;
    for (const holder of this.#waiting) {
      this.#served = holder;
      this.#isRefused = false;
      holder.onMemoryFree();
      // It stays the first.
      if (this.#isRefused) break;
      this.#waiting.delete(holder);
    }
    this.#served = undefined;
  }
}
