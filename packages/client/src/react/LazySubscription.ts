import type { ObservableState, Store, Subscription } from "../api.ts";

/** A subscription that is open while it has listeners: React may render a component that it never mounts. */
export class LazySubscription<T> implements Store<ObservableState<T>> {
  readonly #open: () => Subscription<T>;
  #state: ObservableState<T>;
  #subscription: Subscription<T> | undefined;
  #listeners = 0;

  /** @param state The state without listeners. */
  constructor(state: ObservableState<T>, open: () => Subscription<T>) {
    this.#state = state;
    this.#open = open;
  }

  readonly getSnapshot = (): ObservableState<T> => {
    if (this.#subscription !== undefined) this.#state = this.#subscription.getSnapshot();
    return this.#state;
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#subscription ??= this.#open();
    this.#listeners += 1;
    const end = this.#subscription.subscribe(listener);
    return () => {
      end();
      this.#listeners -= 1;
      if (this.#listeners > 0) return;
      this.#subscription?.close();
      this.#subscription = undefined;
    };
  };
}
