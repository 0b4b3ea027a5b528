/** Lines that are being written together. */
export interface Batch {
  readonly bytes: Buffer;
  /** Where each line ends in the bytes. */
  readonly ends: readonly number[];
}

/** The lines that wait to be written, as many as fit into a number of bytes; further ones are counted, and lost. */
export class LineQueue {
  readonly #maxBytes: number;
  readonly #noteOf: (lost: number) => string;
  #lines: string[] = [];
  #bytes = 0;
  #lost = 0;

  /**
   * @param maxBytes How much may wait; bytes.
   * @param noteOf The line that stands where lines are missing.
   */
  constructor(maxBytes: number, noteOf: (lost: number) => string) {
    this.#maxBytes = maxBytes;
    this.#noteOf = noteOf;
  }

  /** How much waits; bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many lines wait. */
  get waiting(): number {
    return this.#lines.length;
  }

  /** How many lines were lost since the last accepted one. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether the next line would be lost. After a loss, half of the queue has to be free before lines are accepted again. */
  get isFull(): boolean {
    return this.#bytes > (this.#lost > 0 ? this.#maxBytes / 2 : this.#maxBytes);
  }

  /**
   * Adds a line.
   *
   * @returns Whether it was accepted; otherwise it is lost.
   */
  add(line: string): boolean {
    if (this.isFull) {
      this.#lost += 1;
      return false;
    }
    this.noteLosses();
    this.#push(line);
    return true;
  }

  /** Adds a note in place of lost lines, if there are any. */
  noteLosses(): void {
    if (this.#lost === 0) return;
    const note = this.#noteOf(this.#lost);
    this.#lost = 0;
    this.#push(note);
  }

  /** Removes the first lines, of about `maxBytes`, and at least one if any waits. */
  take(maxBytes: number): Batch {
    const ends: number[] = [];
    let length = 0;
    for (const line of this.#lines) {
      if (length >= maxBytes) break;
      length += Buffer.byteLength(line);
      ends.push(length);
    }
    const bytes = Buffer.from(this.#lines.splice(0, ends.length).join(""));
    this.#bytes -= length;
    return { bytes, ends };
  }

  #push(line: string): void {
    this.#lines.push(line);
    this.#bytes += Buffer.byteLength(line);
  }
}
