import { randomFillSync } from "node:crypto";

/** The random bytes of one id. */
const randomBytesPerId = 8;

/**
 * Makes the ids of tasks: UUIDs of version 7 (RFC 9562, 6.2, method 1). Each is greater than the one before, even when the clock is
 * put back.
 *
 * The packages for such ids keep the last one in a module, for all services of a process; here it belongs to the object.
 */
export class TaskIds {
  readonly #now: () => number;
  /** Random bytes for many ids: a call for each id would take longer than the rest. */
  readonly #pool = Buffer.alloc(512 * randomBytesPerId);
  #used = this.#pool.length;
  #ms = 0;
  #counter = 0;

  /** @param now Milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  next(): string {
    const random = this.#random();
    const now = this.#now();
    if (now > this.#ms) {
      this.#ms = now;
      // Leaves half of the range of 12 bits to count up.
      this.#counter = random.readUInt16BE(0) & 0x7_ff;
    } else if (this.#counter < 0xf_ff) {
      this.#counter += 1;
    } else {
      this.#ms += 1;
      this.#counter = 0;
    }
    const time = this.#ms.toString(16).padStart(12, "0");
    const counter = this.#counter.toString(16).padStart(3, "0");
    random.writeUInt8(0x80 | (random.readUInt8(0) & 0x3f), 0);
    const rest = random.toString("hex");
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${rest.slice(0, 4)}-${rest.slice(4)}`;
  }

  #random(): Buffer {
    if (this.#used >= this.#pool.length) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    this.#used += randomBytesPerId;
    return this.#pool.subarray(this.#used - randomBytesPerId, this.#used);
  }
}

/** Whether a value has the form of a task's id. */
export function isTaskId(id: unknown): id is string {
  return typeof id === "string" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
}
