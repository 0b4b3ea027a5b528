import type { Bus } from "@peek/bus";
import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";
import { type TimingWheel, WheelTimer } from "./TimingWheel.ts";

/** How long to wait before refused messages are sent again. */
const retryMs = 50;
/** The longest message that is kept. */
const maxMessageChars = 8 * 1024;
/** The most that is kept of all messages. */
const maxKeptChars = 4 * 1024 * 1024;

/** A peer that messages are kept for. */
export interface Recipient {
  readonly identity: PeerIdentity;
  /** Whether the peer is gone, so that its messages are dropped. */
  readonly isClosed: boolean;
}

/**
 * Sends the short messages that peers wait for: answers, errors, ends of calls, credit of streams. A message that the bus
 * refuses with `VORTEX_OVERLOADED` is kept and sent later: losing it would block a call until its deadline.
 */
export class ControlMessages extends WheelTimer {
  readonly #bus: Bus;
  readonly #timers: TimingWheel;
  readonly #kept = new Map<Recipient, string[]>();
  #keptChars = 0;

  constructor(bus: Bus, timers: TimingWheel) {
    super();
    this.#bus = bus;
    this.#timers = timers;
  }

  /**
   * Sends a message now or later.
   *
   * @throws PeekError as `Bus.send`, when the message can neither be sent nor kept.
   */
  send(to: Recipient, message: string): void {
    try {
      this.#bus.send(to.identity, message);
    } catch (error) {
      if (!isOverload(error) || !this.#keep(to, message)) throw error;
    }
  }

  /** Sends the kept messages again. */
  onExpired(): void {
    for (const [to, messages] of this.#kept) {
      const finished = to.isClosed ? messages.length : this.#resend(to, messages);
      for (const message of messages.splice(0, finished)) this.#keptChars -= message.length;
      if (messages.length === 0) this.#kept.delete(to);
    }
    if (this.#kept.size > 0) this.#timers.add(this, retryMs);
  }

  #keep(to: Recipient, message: string): boolean {
    if (message.length > maxMessageChars || this.#keptChars + message.length > maxKeptChars) return false;
    const messages = this.#kept.get(to);
    if (messages === undefined) this.#kept.set(to, [message]);
    else messages.push(message);
    this.#keptChars += message.length;
    if (this.slot === -1) this.#timers.add(this, retryMs);
    return true;
  }

  /** Returns how many of the messages need not be kept any more. */
  #resend(to: Recipient, messages: readonly string[]): number {
    for (const [index, message] of messages.entries()) {
      try {
        this.#bus.send(to.identity, message);
      } catch (error) {
        // For every other error, the peer will be reported as gone.
        return isOverload(error) ? index : messages.length;
      }
    }
    return messages.length;
  }
}

function isOverload(error: unknown): boolean {
  return PeekError.is(error) && error.code === "VORTEX_OVERLOADED";
}
