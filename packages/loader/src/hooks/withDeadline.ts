import { isThenable } from "@peek/kit";

/** How long work is waited for, and what happens meanwhile. */
export interface DeadlineOptions {
  /** After this time the work is abandoned. */
  readonly deadlineMs: number;
  /** The time counts from the moment this resolves. Default: at once. */
  readonly begins?: Promise<void>;
  /** After this time `onWarn` is called. */
  readonly warnMs: number;
  readonly onWarn: () => void;
  /** Makes the error that abandoned work rejects with. */
  readonly onTimeout: () => Error;
  /** The time that the work has left once it is cancelled. */
  readonly cancelMs: number;
  /** Makes the error that it rejects with after that time. */
  readonly onCancelled: () => Error;
}

/** Work whose time can be cut short. */
export interface Cancellable {
  /** Settles with the work, or when the work is abandoned. */
  readonly done: Promise<void>;
  /** Leaves the work `ms` from now; default: `cancelMs`. Does nothing once it has settled. */
  readonly cancel: (ms?: number) => void;
}

/**
 * Runs work that may never settle. Abandoned work cannot be stopped, but its outcome is ignored.
 */
export function withDeadline(work: () => unknown, options: DeadlineOptions): Cancellable {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timers: NodeJS.Timeout[] = [];
  let settled = false;
  const after = (ms: number, action: () => void): void => {
    if (!settled) timers.push(setTimeout(action, ms));
  };
  const settle = async (): Promise<void> => {
    // The caller has to have the returned object first: the work may need it.
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
