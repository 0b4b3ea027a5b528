import type { NatsPeer } from "./NatsPeer.ts";

/** How often those are probed with whom texts were exchanged lately; milliseconds. */
const periodMs = 200;
/** How long after the last text that goes on; milliseconds. */
const lateMs = 60_000;
/** So many are probed at a time; where there are more, each has its turn less often. */
const atATime = 200;

/**
 * Finds out soon when somebody is gone with whom texts were exchanged lately: each of them is sent a message now and then
 * for which the server tells if there is nobody.
 */
export class NatsProber implements Disposable {
  readonly #active = new Set<NatsPeer>();
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;

  /** Texts were exchanged with somebody. */
  use(contact: NatsPeer): void {
    contact.wasUsed = true;
    if (contact.isActive) return;
    contact.isActive = true;
    contact.isKnown = true;
    this.#active.add(contact);
    this.#timer ??= setInterval(() => this.#probe(), periodMs);
  }

  /** Somebody is gone. */
  forget(contact: NatsPeer): void {
    contact.isActive = false;
    this.#active.delete(contact);
    if (this.#active.size === 0) this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#active.clear();
  }

  #probe(): void {
    const now = performance.now();
    const rounds = Math.ceil(this.#active.size / atATime);
    this.#turn += 1;
    let index = this.#turn;
    for (const contact of this.#active) {
      if (contact.wasUsed) {
        contact.wasUsed = false;
        contact.usedAt = now;
      } else if (now - contact.usedAt > lateMs) this.forget(contact);
      if (index % rounds === 0) contact.probe();
      index += 1;
    }
  }
}
