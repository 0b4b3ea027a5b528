/** How long work is waited for, and what is said meanwhile. */
export interface DeadlineOptions {
  /** After this long the work is given up on; milliseconds. */
  readonly deadlineMs: number;
  /** From when on the time counts. Default: at once. */
  readonly begins?: Promise<void>;
  /** After this long somebody is told; milliseconds. */
  readonly warnMs: number;
  readonly onWarn: () => void;
  /** The error that the work is given up with. */
  readonly onTimeout: () => Error;
  /** What is left to the work once it is cancelled; milliseconds. */
  readonly cancelMs: number;
  /** The error that the work is given up with after that. */
  readonly onCancelled: () => Error;
}

/** Work whose time can be cut from outside. */
export interface Cancellable {
  /** Settles with the work, or when it is given up on. */
  readonly done: Promise<void>;
  /** Gives the work so many milliseconds from now; default: `cancelMs`. Does nothing once it has settled. */
  readonly cancel: (ms?: number) => void;
}

/**
 * Runs work that may never settle. What it does after it was given up on is nobody's: it cannot be stopped, but its
 * outcome goes nowhere.
 */
export function withDeadline(work: () => unknown, options: DeadlineOptions): Cancellable {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timers: NodeJS.Timeout[] = [];
  let settled = false;
  const after = (ms: number, action: () => void): void => {
    if (!settled) timers.push(setTimeout(action, ms));
  };
  const settle = async (): Promise<void> => {
    // Not before the caller has what is returned: what the work brings about may look for it.
    await Promise.resolve();
    const result = work();
    if (!isThenable(result)) return;
    const limit = (): void => {
      if (options.warnMs < options.deadlineMs) after(options.warnMs, options.onWarn);
      after(options.deadlineMs, () => reject(options.onTimeout()));
    };
    if (options.begins === undefined) limit();
    else void options.begins.then(limit);
    await result;
  };
  settle().then(resolve, reject);
  const done = promise.finally(() => {
    settled = true;
    for (const timer of timers) clearTimeout(timer);
  });
  return { done, cancel: (ms = options.cancelMs) => after(ms, () => reject(options.onCancelled())) };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
