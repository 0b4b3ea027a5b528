/** The listeners to one kind of event. */
export class Listeners<Event> {
  readonly #listeners = new Set<{ readonly call: (event: Event) => void }>();

  /** Adds a listener until the result is disposed. The same function may be added more than once. */
  add(listener: (event: Event) => void): Disposable {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  /** Calls all listeners. An error of one of them is thrown, and the following ones are not called. */
  notify(event: Event): void {
    for (const { call } of this.#listeners) call(event);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
