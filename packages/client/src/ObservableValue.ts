import type { Store } from "./api.ts";
import { reportUncaught } from "./reportUncaught.ts";

/** A value that changes, and tells those who look at it. */
export class ObservableValue<Value> implements Store<Value> {
  readonly #listeners = new Set<{ readonly call: () => void }>();
  #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  // Bound: React takes both without their object.
  readonly getSnapshot = (): Value => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    // The same function may be there twice.
    const entry = { call: listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  /** Tells the listeners, unless it is the value that is there. */
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

  /** Nobody is told any more. */
  release(): void {
    this.#listeners.clear();
  }
}
