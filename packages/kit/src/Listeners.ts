/** Those who want to be told of one kind of event. */
export class Listeners<Event> {
  readonly #listeners = new Set<{ readonly call: (event: Event) => void }>();

  add(listener: (event: Event) => void): Disposable {
    // The same function may be added twice.
    const entry = { call: listener };
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  tell(event: Event): void {
    for (const { call } of this.#listeners) call(event);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
