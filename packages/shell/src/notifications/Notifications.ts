import type { Store } from "@peek/client";
import type { Notification } from "@peek/web";
import { Value } from "../store/Value.ts";

/** A notification that is shown. */
export interface ShownNotification extends Notification {
  readonly id: number;
  /** Who shows it. */
  readonly source?: string | undefined;
}

const maxShown = 5;
const shownMs = 8000;

/** The messages above the pages. Errors stay until they are closed. */
export class Notifications implements Disposable {
  readonly #state = new Value<readonly ShownNotification[]>([]);
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #lastId = 0;

  get state(): Store<readonly ShownNotification[]> {
    return this.#state;
  }

  add({ text, tone = "info" }: Notification, source?: string): void {
    this.#lastId += 1;
    const id = this.#lastId;
    const shown = [...this.#state.getSnapshot(), { id, text, tone, source }];
    for (const { id } of shown.slice(0, -maxShown)) this.remove(id);
    this.#state.set(shown.slice(-maxShown));
    if (tone !== "error")
      this.#timers.set(
        id,
        setTimeout(() => this.remove(id), shownMs),
      );
  }

  remove(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#state.set(this.#state.getSnapshot().filter((each) => each.id !== id));
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
