/** Returns when a promise has settled, or the signal has fired. Never rejects; the work behind the promise continues. */
export async function settledOrAborted(promise: PromiseLike<unknown>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  await Promise.race([Promise.allSettled([promise]), aborted]);
  signal.removeEventListener("abort", onAbort);
}
