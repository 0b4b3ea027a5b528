/**
 * Waits for an event.
 *
 * @param listen Begins to listen, and calls `done` when it has come.
 * @returns Whether it came in time.
 */
export async function once(listen: (done: () => void) => Disposable, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  using _listening = listen(() => resolve(true));
  const isInTime = await promise;
  clearTimeout(timer);
  return isInTime;
}
