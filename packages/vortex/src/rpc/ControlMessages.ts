import { PeekError } from "@peek/errors";
import type { Bus } from "@peek/bus";
import { type TimingWheel, WheelTimer } from "./TimingWheel.ts";
import type { PeerRecord } from "./PeerRecord.ts";

/** After how long what was refused is sent again; milliseconds. */
const retryMs = 50;
/** The longest text that is kept. */
const maxTextChars = 8 * 1024;
/** And how much is kept in all. */
const maxKeptChars = 4 * 1024 * 1024;

/**
 * Sends the short texts that the other side waits for: an answer, an error, the end of a call, the room for more items of a
 * stream. One that the bus refuses, since too much waits to be sent already, is kept and sent as soon as there is room: lost,
 * it would hold up a call until its deadline.
 */
export class ControlMessages extends WheelTimer {
  readonly #bus: Bus;
  readonly #deadlines: TimingWheel;
  readonly #kept = new Map<PeerRecord, string[]>();
  #keptChars = 0;

  constructor(bus: Bus, deadlines: TimingWheel) {
    super();
    this.#bus = bus;
    this.#deadlines = deadlines;
  }

  /**
   * Sends a text now or later.
   *
   * @throws PeekError as `Bus.send`, when it is not going to be sent.
   */
  send(peer: PeerRecord, text: string): void {
    try {
      this.#bus.send(peer.identity, text);
    } catch (error) {
      if (!isOverload(error) || !this.#keep(peer, text)) throw error;
    }
  }

  /** Sends again what was refused. */
  onExpired(): void {
    for (const [peer, texts] of this.#kept) {
      const sent = peer.closed ? texts.length : this.#sendAll(peer, texts);
      for (const text of texts.splice(0, sent)) this.#keptChars -= text.length;
      if (texts.length === 0) this.#kept.delete(peer);
    }
    if (this.#kept.size > 0) this.#deadlines.add(this, retryMs);
  }

  #keep(peer: PeerRecord, text: string): boolean {
    if (text.length > maxTextChars || this.#keptChars + text.length > maxKeptChars) return false;
    const texts = this.#kept.get(peer);
    if (texts === undefined) this.#kept.set(peer, [text]);
    else texts.push(text);
    this.#keptChars += text.length;
    if (this.slot === -1) this.#deadlines.add(this, retryMs);
    return true;
  }

  /** Returns how many of the texts need not be kept any more. */
  #sendAll(peer: PeerRecord, texts: readonly string[]): number {
    for (const [index, text] of texts.entries()) {
      try {
        this.#bus.send(peer.identity, text);
      } catch (error) {
        // One who is gone is going to be told of as such.
        return isOverload(error) ? index : texts.length;
      }
    }
    return texts.length;
  }
}

function isOverload(error: unknown): boolean {
  return PeekError.is(error) && error.code === "VORTEX_OVERLOADED";
}
