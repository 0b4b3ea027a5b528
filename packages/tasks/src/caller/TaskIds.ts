import { randomFillSync } from "node:crypto";

/** How many random bytes an id has. */
const bytesOfId = 8;

/**
 * Makes the ids of tasks: UUIDs of version 7 (RFC 9562, 6.2, method 1), each greater than those before, whatever the clock does.
 *
 * The packages that make such ids keep what came before in a module, for all services of the process; here it is an object's.
 */
export class TaskIds {
  readonly #now: () => number;
  /** Asking for random bytes one id at a time takes longer than all the rest. */
  readonly #pool = Buffer.alloc(512 * bytesOfId);
  #used = this.#pool.length;
  #ms = 0;
  #counter = 0;

  /** @param now The clock; milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  next(): string {
    const random = this.#random();
    const now = this.#now();
    if (now > this.#ms) {
      this.#ms = now;
      // Leaves half of its 12 bits to count up.
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
    this.#used += bytesOfId;
    return this.#pool.subarray(this.#used - bytesOfId, this.#used);
  }
}

/** Whether a text can be the id of a task. */
export function isTaskId(id: unknown): id is string {
  return typeof id === "string" && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
}
