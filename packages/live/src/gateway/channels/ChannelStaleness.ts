import { earlierStaleness, type Staleness } from "@peek/live-protocol";
import { pluginUpdating } from "../../channel/pluginUpdating.ts";
import { staleMs } from "../../channel/staleMs.ts";

/**
 * Whether the tuples of one channel are known to be current. They are stale when logic says so, when the channel has not been
 * followed for a while, and while its plugin is suspended on this service.
 */
export class ChannelStaleness implements Disposable {
  readonly #onLost: () => void;
  /** Reported by logic. */
  #reported: Staleness | undefined;
  /** Set while the channel has not been followed for {@link staleMs}. */
  #loss: Staleness | undefined;
  /** Set while the plugin is suspended on this service. */
  #suspension: Staleness | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onLost Called when the channel has not been followed for too long. */
  constructor(onLost: () => void) {
    this.#onLost = onLost;
  }

  /** Set while the tuples are stale: the same object as long as nothing has changed. */
  get current(): Staleness | undefined {
    return this.#suspension ?? earlierStaleness(this.#loss, this.#reported);
  }

  /** Logic has reported that the tuples are stale; undefined: that they are current. */
  report(staleness: Staleness | undefined): void {
    // An update of the plugin is reported again with each stream: the tuples are stale since its begin.
    if (staleness?.reason === pluginUpdating && this.#reported?.reason === pluginUpdating) return;
    this.#reported = staleness;
  }

  /** The plugin is suspended on this service. @param reason For people. */
  suspend(reason: string): void {
    const now = performance.now();
    this.#suspension ??= { at: this.current?.at ?? now, reason };
  }

  resume(): void {
    this.#suspension = undefined;
  }

  /** The channel is followed, and its tuples are known. */
  found(): void {
    clearTimeout(this.#timer);
    this.#loss = undefined;
  }

  /**
   * The channel is not followed any more. Its tuples count as current for a moment, in which it may be followed again.
   *
   * @param knownAt When logic was last known to be reached; by `performance.now()`.
   * @param reason For people, asked for when the moment is over.
   */
  lost(knownAt: number, reason: () => string): void {
    const at = Math.min(knownAt, this.#reported?.at ?? Infinity);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#loss = { at, reason: reason() };
        this.#onLost();
      },
      at + staleMs - performance.now(),
    ).unref();
  }

  /** The reason why the channel is not followed has become known. */
  explain(reason: string): void {
    if (this.#loss !== undefined) this.#loss = { ...this.#loss, reason };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
