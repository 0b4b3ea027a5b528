/** How long work is waited for, and what is said meanwhile. */
export interface DeadlineOptions {
  /** After this long the work is given up on; milliseconds. */
  readonly deadlineMs: number;
  /** After this long somebody is told; milliseconds. */
  readonly warnMs: number;
  readonly onWarn: () => void;
  /** The error that the work is given up with. */
  readonly onTimeout: () => Error;
  /** When this fires, the work has `cancelMs` left. */
  readonly cancel?: AbortSignal | undefined;
  /** What is left to work after `cancel`; milliseconds. */
  readonly cancelMs: number;
  /** The error that the work is given up with after `cancel`. */
  readonly onCancelled: () => Error;
}

/** Work that can be given up on from outside. */
export interface Interruptible {
  /** Settles with the work, at its deadline, or when interrupted. */
  readonly done: Promise<void>;
  /** Gives up on the work with an error. Does nothing once it has settled. */
  readonly interrupt: (error: Error) => void;
}

/**
 * Runs work that may never settle. What it does after it was given up on is nobody's: it cannot be stopped, but its
 * outcome goes nowhere.
 */
export function withDeadline(work: () => unknown, options: DeadlineOptions): Interruptible {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timers = new Set<NodeJS.Timeout>();
  const after = (ms: number, action: () => void): void => {
    timers.add(setTimeout(action, ms));
  };
  const onCancel = (): void => after(options.cancelMs, () => reject(options.onCancelled()));
  const cleanUp = (): void => {
    for (const timer of timers) clearTimeout(timer);
    options.cancel?.removeEventListener("abort", onCancel);
  };
  const settle = async (): Promise<void> => {
    const result = work();
    if (!isThenable(result)) return;
    if (options.warnMs < options.deadlineMs) after(options.warnMs, options.onWarn);
    after(options.deadlineMs, () => reject(options.onTimeout()));
    if (options.cancel?.aborted === true) onCancel();
    else options.cancel?.addEventListener("abort", onCancel, { once: true });
    await result;
  };
  settle().then(resolve, reject);
  return { done: promise.finally(cleanUp), interrupt: reject };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
