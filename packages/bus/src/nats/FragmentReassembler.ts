import { Buffer } from "node:buffer";
import { maxMessageBytes } from "../messageLimits.ts";
import { firstFragmentHeaderBytes, NatsFrame } from "./natsFrame.ts";

/** How much may be held of all that is unfinished, of one kind: 128 MiB. */
const maxHeldBytes = 128 * 1024 * 1024;

/** What all that is unfinished takes, of all senders and of one kind. */
export interface ReassemblyBudget {
  bytes: number;
}

/** Puts the parts of what one sender sends together again. */
export class FragmentReassembler {
  readonly #held: ReassemblyBudget;
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #total = 0;
  #received = 0;

  /**
   * @param held Shared by all senders.
   * @param maxBytes The most that one whole may have. Default: what a text may.
   */
  constructor(held: ReassemblyBudget, maxBytes: number = maxMessageBytes) {
    this.#held = held;
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes a frame that is a part.
   *
   * @returns The bytes of a text, when this was its last part; `"refused"` when it does not fit what came before, or too
   *   much is unfinished already.
   */
  add(frame: Uint8Array): Uint8Array | "more" | "refused" {
    let part: Uint8Array;
    if (frame[0] === NatsFrame.firstFragment) {
      if (this.#total > 0 || frame.length <= firstFragmentHeaderBytes) return this.#refuse();
      this.#total = Buffer.from(frame.buffer, frame.byteOffset, firstFragmentHeaderBytes).readUInt32BE(1);
      if (this.#total > this.#maxBytes || this.#held.bytes + this.#total > maxHeldBytes) {
        this.#total = 0;
        return this.#refuse();
      }
      this.#held.bytes += this.#total;
      part = frame.subarray(firstFragmentHeaderBytes);
    } else {
      if (this.#total === 0 || frame.length < 2) return this.#refuse();
      part = frame.subarray(1);
    }
    this.#received += part.length;
    if (this.#received > this.#total) return this.#refuse();
    // A copy: what came with it from the socket would be held with it.
    this.#parts.push(Uint8Array.from(part));
    if (this.#received < this.#total) return "more";
    const text = Buffer.concat(this.#parts);
    this.clear();
    return text;
  }

  /** Forgets what is unfinished. */
  clear(): void {
    this.#held.bytes -= this.#total;
    this.#parts = [];
    this.#total = 0;
    this.#received = 0;
  }

  #refuse(): "refused" {
    this.clear();
    return "refused";
  }
}
