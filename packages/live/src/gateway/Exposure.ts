/** What the plugins of a service expose to its browsers. */
export class Exposure {
  readonly #observables = new Set<string>();
  readonly #actions = new Set<string>();
  readonly #listeners = new Set<(observable: string) => void>();

  hasObservable(name: string): boolean {
    return this.#observables.has(name);
  }

  hasAction(name: string): boolean {
    return this.#actions.has(name);
  }

  /** Returns whether it was not there. */
  addObservable(name: string): boolean {
    if (this.#observables.has(name)) return false;
    this.#observables.add(name);
    return true;
  }

  /** Returns whether it was not there. */
  addAction(name: string): boolean {
    if (this.#actions.has(name)) return false;
    this.#actions.add(name);
    return true;
  }

  /** Ends what browsers have of it. */
  removeObservable(name: string): void {
    if (!this.#observables.delete(name)) return;
    for (const listener of this.#listeners) listener(name);
  }

  removeAction(name: string): void {
    this.#actions.delete(name);
  }

  /** Calls with the name of an observable that is not exposed any more. */
  onRemoved(listener: (observable: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}
