import type { FrameWriter } from "../frames/FrameWriter.ts";
import type { Subscription } from "./Subscription.ts";

/** The subscriptions of one browser. */
export class SubscriptionSet {
  /** Mostly one or two, for which an array takes a third of a map's memory; copied with each change. */
  #all: readonly Subscription[] = [];
  /** The subscriptions that are behind, in the order in which they catch up. */
  #lagging: Set<Subscription> | undefined;

  get size(): number {
    return this.#all.length;
  }

  /** How many subscriptions are behind. */
  get laggingCount(): number {
    return this.#lagging?.size ?? 0;
  }

  find(id: number): Subscription | undefined {
    return this.#all.find((each) => each.id === id);
  }

  add(subscription: Subscription): void {
    // A spread would reserve memory for more.
    this.#all = this.#all.concat(subscription);
  }

  end(subscription: Subscription): void {
    this.#all = this.#all.filter((each) => each !== subscription);
    this.#lagging?.delete(subscription);
    subscription.end();
  }

  endAll(): void {
    const all = this.#all;
    this.#all = [];
    this.#lagging = undefined;
    for (const each of all) each.end();
  }

  /** Confirms to the browser that its tuples are current, as soon as that is known of each channel. */
  confirm(): void {
    for (const each of this.#all) each.confirm();
  }

  /** Remembers that a subscription is behind. */
  lag(subscription: Subscription): void {
    (this.#lagging ??= new Set()).add(subscription);
  }

  /** Brings the subscriptions that are behind to where their channels are, while the writer is free. */
  catchUp(writer: FrameWriter): void {
    const lagging = this.#lagging;
    if (lagging === undefined) return;
    for (const each of lagging) {
      if (!writer.isFree) return;
      lagging.delete(each);
      each.catchUp();
    }
    if (lagging.size === 0) this.#lagging = undefined;
  }

  /** The scopes that the browser watches, by canonical selector. @param selectors Only these. */
  scopesOf(selectors: readonly string[]): ReadonlyMap<string, string> {
    const scopes = new Map<string, string>();
    if (selectors.length === 0) return scopes;
    for (const { channel } of this.#all) {
      const selector = channel?.selector.canonical();
      if (channel !== undefined && selector !== undefined && selectors.includes(selector)) {
        scopes.set(selector, channel.scope);
      }
    }
    return scopes;
  }
}
