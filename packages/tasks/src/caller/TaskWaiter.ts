import type { TaskError } from "../queue/TaskQueue.ts";

/** How waiting for a task ended. */
export type WaitOutcome =
  /** @property output Encoded by `encode()`. */
  | { readonly kind: "done"; readonly output: string }
  | { readonly kind: "failed"; readonly error: TaskError }
  | { readonly kind: "cancelled" }
  /** The database does not have the task. */
  | { readonly kind: "missing" }
  /** The task could not be queued or read. */
  | { readonly kind: "broken"; readonly error: unknown }
  /** The deadline of the wait has passed. */
  | { readonly kind: "overdue" }
  | { readonly kind: "aborted"; readonly reason: unknown }
  /** The waiting plugin is being stopped. */
  | { readonly kind: "stopped" };

/** Receives the progress of a task. Must not throw. */
export type ProgressListener = (value: unknown) => void;

/** One call that waits for a task. */
export class TaskWaiter implements Disposable {
  /** How waiting ended: the first outcome that was reported. Never rejects. */
  readonly outcome: Promise<WaitOutcome>;
  readonly #end: (outcome: WaitOutcome) => void;
  readonly #onProgress: ProgressListener | undefined;
  readonly #release: () => void;
  #hasEnded = false;

  /** @param release Called when it is disposed. */
  constructor(onProgress: ProgressListener | undefined, release: () => void) {
    ({ promise: this.outcome, resolve: this.#end } = Promise.withResolvers<WaitOutcome>());
    this.#onProgress = onProgress;
    this.#release = release;
  }

  /** Whether it still listens to the task's progress. */
  get wantsProgress(): boolean {
    return this.#onProgress !== undefined && !this.#hasEnded;
  }

  end(outcome: WaitOutcome): void {
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
