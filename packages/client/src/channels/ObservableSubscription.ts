import type { ObservableState, Subscription } from "../api.ts";
import type { Channel } from "./Channel.ts";

/** One who watches a channel. */
export class ObservableSubscription<T> implements Subscription<T> {
  readonly #channel: Channel<T>;
  readonly #left: () => void;
  readonly #closing = new AbortController();
  readonly #ends = new Set<() => void>();

  /** @param left Called once, when it is closed. */
  constructor(channel: Channel<T>, left: () => void) {
    this.#channel = channel;
    this.#left = left;
  }

  readonly getSnapshot = (): ObservableState<T> => this.#channel.state.getSnapshot();

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#closing.signal.aborted) return () => undefined;
    const end = this.#channel.state.subscribe(listener);
    this.#ends.add(end);
    return () => {
      this.#ends.delete(end);
      end();
    };
  };

  async *[Symbol.asyncIterator](): AsyncGenerator<ObservableState<T>, void, undefined> {
    const { signal } = this.#closing;
    let told: ObservableState<T> | undefined;
    let news = Promise.withResolvers<void>();
    const wake = (): void => news.resolve();
    const end = this.subscribe(wake);
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const state = this.getSnapshot();
        if (state !== told) {
          told = state;
          yield state;
        } else {
          await news.promise;
          news = Promise.withResolvers();
        }
      }
    } finally {
      end();
      signal.removeEventListener("abort", wake);
    }
  }

  readonly close = (): void => {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const end of this.#ends) end();
    this.#ends.clear();
    this.#left();
  };

  [Symbol.dispose](): void {
    this.close();
  }
}
