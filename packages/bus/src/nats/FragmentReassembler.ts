import { Buffer } from "node:buffer";
import { maxMessageBytes } from "../messageLimits.ts";
import { firstFragmentHeaderBytes, NatsFrame } from "./natsFrames.ts";

/** How many bytes the incomplete wholes of one budget may take: 128 MiB. */
const maxBudgetBytes = 128 * 1024 * 1024;

/** The bytes of all incomplete wholes, shared by the reassemblers of all senders. */
export interface ReassemblyBudget {
  bytes: number;
}

/** Reassembles the fragments from one sender. */
export class FragmentReassembler {
  readonly #budget: ReassemblyBudget;
  readonly #maxBytes: number;
  #fragments: Uint8Array[] = [];
  #total = 0;
  #received = 0;

  /** @param maxBytes The largest whole. Default: the largest message of a bus. */
  constructor(budget: ReassemblyBudget, maxBytes: number = maxMessageBytes) {
    this.#budget = budget;
    this.#maxBytes = maxBytes;
  }

  /**
   * Adds a fragment.
   *
   * @returns The whole, when the fragment was its last. `"refused"` when the fragment does not continue the ones before, or exceeds
   *   a limit; the ones before are dropped then.
   */
  add(frame: Uint8Array): Uint8Array | "more" | "refused" {
    let fragment: Uint8Array;
    if (frame[0] === NatsFrame.firstFragment) {
      if (this.#total > 0 || frame.length <= firstFragmentHeaderBytes) return this.#refuse();
      this.#total = Buffer.from(frame.buffer, frame.byteOffset, firstFragmentHeaderBytes).readUInt32BE(1);
      if (this.#total > this.#maxBytes || this.#budget.bytes + this.#total > maxBudgetBytes) {
        this.#total = 0;
        return this.#refuse();
      }
      this.#budget.bytes += this.#total;
      fragment = frame.subarray(firstFragmentHeaderBytes);
    } else {
      if (this.#total === 0 || frame.length < 2) return this.#refuse();
      fragment = frame.subarray(1);
    }
    this.#received += fragment.length;
    if (this.#received > this.#total) return this.#refuse();
    // A copy: a view would retain the socket's whole read buffer.
    this.#fragments.push(Uint8Array.from(fragment));
    if (this.#received < this.#total) return "more";
    const whole = Buffer.concat(this.#fragments);
    this.clear();
    return whole;
  }

  /** Drops an incomplete whole. */
  clear(): void {
    this.#budget.bytes -= this.#total;
    this.#fragments = [];
    this.#total = 0;
    this.#received = 0;
  }

  #refuse(): "refused" {
    this.clear();
    return "refused";
  }
}
