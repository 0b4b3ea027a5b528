import type { TaskError } from "../queue/TaskQueue.ts";

/** How a wait has ended. */
export type Outcome =
  /** @property output As `encode()` has made it. */
  | { readonly kind: "done"; readonly output: string }
  | { readonly kind: "failed"; readonly error: TaskError }
  | { readonly kind: "cancelled" }
  /** It is not in the database. */
  | { readonly kind: "gone" }
  /** It could not be queued, or looked up. */
  | { readonly kind: "broken"; readonly error: unknown }
  /** Its time is over. */
  | { readonly kind: "overdue" }
  | { readonly kind: "aborted"; readonly reason: unknown }
  /** The plugin that waits is stopped. */
  | { readonly kind: "stopped" };

/** Told how far a task is. Must not throw. */
export type OnProgress = (value: unknown) => void;

/** One who waits for a task. */
export class Wait implements Disposable {
  /** How it has ended: the first that was said. Never rejects. */
  readonly outcome: Promise<Outcome>;
  readonly #end: (outcome: Outcome) => void;
  readonly #onProgress: OnProgress | undefined;
  readonly #release: () => void;
  #hasEnded = false;

  /** @param release Called when it is disposed. */
  constructor(onProgress: OnProgress | undefined, release: () => void) {
    ({ promise: this.outcome, resolve: this.#end } = Promise.withResolvers<Outcome>());
    this.#onProgress = onProgress;
    this.#release = release;
  }

  /** Whether it wants to know how far the task is. */
  get isFollowed(): boolean {
    return this.#onProgress !== undefined && !this.#hasEnded;
  }

  end(outcome: Outcome): void {
    this.#hasEnded = true;
    this.#end(outcome);
  }

  progress(value: unknown): void {
    this.#onProgress?.(value);
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}
