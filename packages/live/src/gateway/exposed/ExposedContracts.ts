import { Listeners } from "@peek/kit";

/** The observables and actions that the plugins of a service expose to its browsers. */
export class ExposedContracts {
  readonly #observables = new Set<string>();
  readonly #actions = new Set<string>();
  readonly #removed = new Listeners<string>();

  hasObservable(name: string): boolean {
    return this.#observables.has(name);
  }

  hasAction(name: string): boolean {
    return this.#actions.has(name);
  }

  /** Returns false when it was exposed already. */
  addObservable(name: string): boolean {
    if (this.#observables.has(name)) return false;
    this.#observables.add(name);
    return true;
  }

  /** Returns false when it was exposed already. */
  addAction(name: string): boolean {
    if (this.#actions.has(name)) return false;
    this.#actions.add(name);
    return true;
  }

  removeObservable(name: string): void {
    if (this.#observables.delete(name)) this.#removed.notify(name);
  }

  removeAction(name: string): void {
    this.#actions.delete(name);
  }

  /** Calls with the name of an observable that is no longer exposed. */
  onRemoved(listener: (observable: string) => void): Disposable {
    return this.#removed.add(listener);
  }
}
