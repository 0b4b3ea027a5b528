/**
 * Waits for a promise, but not longer than a time.
 *
 * @returns Its result; undefined when the time has passed first. The work behind the promise continues.
 * @throws As the promise, unless the time has passed first.
 */
export async function waitAtMost<Result>(ms: number, promise: PromiseLike<Result>): Promise<Result | undefined> {
  const { promise: timeout, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
