import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { KernelQueues } from "./KernelQueues.ts";
import { SendProgress } from "./SendProgress.ts";

/** How many ticks there are in a beat; all that takes time is counted in them. */
export const ticksPerBeat = 10;
/** After so many in which a browser was sent nothing, it is sent a sign of life. */
export const ticksPerPulse = 2;
/** After so many in which nothing was heard, though something was asked, a browser is taken for gone. */
const maxSilentTicks = 35;
/**
 * After so many in which it took nothing of what waits for it, it is taken for stuck. One that reads a KiB in a second on the same
 * host is seen to take something once in two minutes: so coarse are the steps in which TCP opens its window there.
 */
const maxStuckTicks = 150;

/** Looks whether a browser is there, and takes what it is sent. */
export class Vigil {
  readonly #socket: Duplex;
  /** What had come in by the last tick; bytes. */
  #bytes = 0;
  #silentTicks = 0;
  /** There is one while something waits. */
  #progress: SendProgress | undefined;

  /** @param socket What is below the WebSocket. */
  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /**
   * To be called with each tick.
   *
   * @param isBusy Whether something waits to go out: it may well be answered when that has been read.
   * @returns Whether it is to be asked for a sign.
   */
  tick(isBusy: boolean, queues: KernelQueues): "stuck" | "gone" | "ask" | "well" {
    if (isBusy) {
      this.#silentTicks = 0;
      this.#progress ??= new SendProgress(this.#socket, queues);
      return this.#progress.tick() >= maxStuckTicks ? "stuck" : "well";
    }
    this.#progress = undefined;
    // Every byte counts: a large frame may be on its way for longer than many beats.
    const bytes = this.#socket instanceof Socket ? this.#socket.bytesRead : 0;
    const silent = bytes === this.#bytes ? this.#silentTicks + 1 : 0;
    this.#bytes = bytes;
    this.#silentTicks = silent;
    if (silent >= maxSilentTicks) return "gone";
    return silent > 0 && silent % ticksPerBeat === 0 ? "ask" : "well";
  }
}
