import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WriteProgress } from "@peek/kit";

/** How many ticks there are in a heartbeat. */
export const ticksPerBeat = 10;
/** After how many ticks without any frame a browser is sent a pulse. */
export const ticksPerPulse = 2;
/** After how many ticks without any byte a browser that was sent a heartbeat is gone. */
const maxSilentTicks = 35;
/** After how many ticks in which it has read nothing a browser is stuck. */
const maxStuckTicks = 150;

/** The output of a connection, as its {@link LivenessCheck} sees it. */
export interface SendState {
  /** Whether anything waits to be sent: the browser may answer a heartbeat only when it has read that. */
  readonly isBusy: boolean;
  /** How many pings the browser has answered. */
  readonly pingsAnswered: number;
}

/** Judges whether a browser is there, and reads. */
export class LivenessCheck {
  readonly #socket: Duplex;
  /** How many bytes had been received by the last tick. */
  #bytes = 0;
  #silentTicks = 0;
  #stuckTicks = 0;
  #pingsAnswered = 0;
  /** There is one while something waits to be sent. */
  #written: WriteProgress | undefined;

  /** @param socket The TCP or TLS socket below the WebSocket. */
  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** To be called with each tick. Returns `ask` when the browser is to be sent a heartbeat. */
  tick(sent: SendState): "stuck" | "gone" | "ask" | "well" {
    return sent.isBusy ? this.#whileBusy(sent) : this.#whileIdle();
  }

  #whileBusy({ pingsAnswered }: SendState): "stuck" | "well" {
    this.#silentTicks = 0;
    this.#written ??= new WriteProgress(this.#socket);
    const hasWritten = this.#written.beat() === 0;
    // The system takes megabytes ahead of a slow reader, and asks for more only now and then: pongs prove how much was read.
    const hasRead = pingsAnswered !== this.#pingsAnswered;
    this.#pingsAnswered = pingsAnswered;
    this.#stuckTicks = hasWritten || hasRead ? 0 : this.#stuckTicks + 1;
    return this.#stuckTicks >= maxStuckTicks ? "stuck" : "well";
  }

  #whileIdle(): "gone" | "ask" | "well" {
    this.#written = undefined;
    this.#stuckTicks = 0;
    // Every byte counts: a large frame of the browser may take longer than many heartbeats.
    const bytes = this.#socket instanceof Socket ? this.#socket.bytesRead : 0;
    const silentTicks = bytes === this.#bytes ? this.#silentTicks + 1 : 0;
    this.#bytes = bytes;
    this.#silentTicks = silentTicks;
    if (silentTicks >= maxSilentTicks) return "gone";
    return silentTicks > 0 && silentTicks % ticksPerBeat === 0 ? "ask" : "well";
  }
}
