import type { ObservableState, Subscription } from "../api.ts";
import type { Channel } from "./Channel.ts";

/** The subscription of one part of the page to a channel. */
export class ObservableSubscription<T> implements Subscription<T> {
  readonly #channel: Channel<T>;
  readonly #closed: () => void;
  readonly #closing = new AbortController();
  readonly #ends = new Set<() => void>();

  /** @param closed Called once, when the subscription is closed. */
  constructor(channel: Channel<T>, closed: () => void) {
    this.#channel = channel;
    this.#closed = closed;
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
    let last: ObservableState<T> | undefined;
    let changed = Promise.withResolvers<void>();
    const wake = (): void => changed.resolve();
    const end = this.subscribe(wake);
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const state = this.getSnapshot();
        if (state !== last) {
          last = state;
          yield state;
        } else {
          await changed.promise;
          changed = Promise.withResolvers();
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
    this.#closed();
  };

  [Symbol.dispose](): void {
    this.close();
  }
}
