import type { Store } from "./api.ts";
import { reportUncaught } from "./reportUncaught.ts";

/** A value that notifies listeners of its changes. */
export class ObservableValue<Value> implements Store<Value> {
  readonly #listeners = new Set<{ readonly call: () => void }>();
  #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  // Bound, because React calls both without their object.
  readonly getSnapshot = (): Value => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    // An entry, because the same function may subscribe twice.
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  /** Sets the value, and notifies the listeners if it is another one. */
  set(value: Value): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const { call } of this.#listeners) {
      try {
        call();
      } catch (error) {
        reportUncaught(error);
      }
    }
  }

  /** Removes all listeners. */
  release(): void {
    this.#listeners.clear();
  }
}
