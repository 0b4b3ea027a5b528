/** Is sent large frames. */
export interface FrameHolder {
  /** There may be room for what was refused: it is to be asked for again now, or not at all. */
  onRoom(): void;
  /** It has to give up what it holds, and end: it has been slow, and others need the room. */
  onCut(): void;
}

/** A large frame on its way to some browsers. */
interface UnderWay {
  bytes: number;
  /** When it was begun for the last of them; ticks. */
  begunAt: number;
  readonly holders: Set<FrameHolder>;
}

/** After how many ticks a browser that takes a frame may have to make room for others. */
const slowTicks = 10;

/**
 * The large frames that are on their way to browsers, and what they take all in all: one that many are sent counts once, but each
 * who is slow keeps what it was sent until it has taken that, while channels go on. Where there is no room, browsers wait; when
 * those who hold it are slow, the frame is given up that the fewest wait for.
 */
export class LargeFrames {
  readonly #maxBytes: number;
  readonly #underWay = new Map<object, UnderWay>();
  /** In the order in which they have their turn. */
  readonly #waiting = new Set<FrameHolder>();
  #bytes = 0;
  #now = 0;
  /** Whose turn it is, of those who wait. */
  #turn: FrameHolder | undefined;
  #isRefused = false;

  /** @param maxBytes How much there is room for. A single frame that is larger goes out alone. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What they take; bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes room for a frame on its way to a browser. It has to be {@link release}d.
   *
   * @param frame By what it is told from others.
   * @returns False when there is none: the browser is told when it is to ask again.
   */
  take(frame: object, bytes: number, holder: FrameHolder): boolean {
    const isNext = this.#waiting.size === 0 || this.#turn === holder;
    const fits = this.#bytes === 0 || this.#bytes + bytes <= this.#maxBytes;
    if (this.#underWay.has(frame) || (isNext && fits)) {
      this.add(frame, bytes, holder);
      return true;
    }
    this.#waiting.add(holder);
    if (this.#turn === holder) this.#isRefused = true;
    return false;
  }

  /** The same, whether there is room or not: for what cannot wait. */
  add(frame: object, bytes: number, holder: FrameHolder): void {
    const known = this.#underWay.get(frame);
    if (known !== undefined) {
      known.holders.add(holder);
      known.begunAt = this.#now;
      return;
    }
    this.#underWay.set(frame, { bytes, begunAt: this.#now, holders: new Set([holder]) });
    this.#bytes += bytes;
  }

  /** Corrects how long a frame is, which was not known before it was made; bytes. */
  resize(frame: object, bytes: number): void {
    const known = this.#underWay.get(frame);
    if (known === undefined || known.bytes === bytes) return;
    this.#bytes += bytes - known.bytes;
    known.bytes = bytes;
    this.#wake();
  }

  /** A frame has gone out to a browser, or never will. */
  release(frame: object, holder: FrameHolder): void {
    const known = this.#underWay.get(frame);
    if (known?.holders.delete(holder) !== true || known.holders.size > 0) return;
    this.#underWay.delete(frame);
    this.#bytes -= known.bytes;
    this.#wake();
  }

  /** Does not wait any more. */
  leave(holder: FrameHolder): void {
    // The next may want less.
    if (this.#waiting.delete(holder)) this.#wake();
  }

  /** To be called with each tick: makes room, when somebody waits for it. */
  tick(): void {
    this.#now += 1;
    while (this.#waiting.size > 0) {
      const slow = this.#slowest();
      if (slow === undefined) return;
      const [frame, { holders }] = slow;
      // Those who begin to take it in the room of others are not slow.
      for (const each of [...holders]) {
        each.onCut();
        this.release(frame, each);
      }
    }
  }

  /** Of those that nobody has begun to take lately, the one that the fewest are sent; the oldest of these. */
  #slowest(): readonly [object, UnderWay] | undefined {
    let slowest: readonly [object, UnderWay] | undefined;
    for (const each of this.#underWay) {
      if (this.#now - each[1].begunAt < slowTicks) continue;
      if (slowest === undefined || each[1].holders.size < slowest[1].holders.size) slowest = each;
    }
    return slowest;
  }

  #wake(): void {
    if (this.#turn !== undefined) return;
    for (const holder of this.#waiting) {
      this.#turn = holder;
      this.#isRefused = false;
      holder.onRoom();
      // It stays the first.
      if (this.#isRefused) break;
      this.#waiting.delete(holder);
    }
    this.#turn = undefined;
  }
}
