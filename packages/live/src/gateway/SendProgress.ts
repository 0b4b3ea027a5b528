import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WriteProgress } from "@peek/kit";
import type { KernelQueues } from "./KernelQueues.ts";

/** After so many ticks in which Node has handed nothing to the system, the system is asked; ticks. */
const askAfter = 15;

/** Whether a browser takes anything of what is on its way to it, however little. */
export class SendProgress {
  readonly #socket: Duplex;
  readonly #queues: KernelQueues;
  readonly #written: WriteProgress;
  #queue: string | undefined;
  #idleTicks = 0;

  /** @param socket What is below the WebSocket. */
  constructor(socket: Duplex, queues: KernelQueues) {
    this.#socket = socket;
    this.#queues = queues;
    this.#written = new WriteProgress(socket);
  }

  /** To be called with each tick, while something waits: for how many, one after the other, the browser has taken nothing. */
  tick(): number {
    if (this.#written.beat() === 0) {
      this.#idleTicks = 0;
      return 0;
    }
    this.#idleTicks += 1;
    if (this.#idleTicks >= askAfter && this.#hasTaken()) this.#idleTicks = 0;
    return this.#idleTicks;
  }

  #hasTaken(): boolean {
    if (!(this.#socket instanceof Socket)) return false;
    const queue = this.#queues.of(this.#socket);
    const before = this.#queue;
    this.#queue = queue ?? before;
    return queue !== undefined && before !== undefined && queue !== before;
  }
}
