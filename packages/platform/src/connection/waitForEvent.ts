/**
 * Waits for an event.
 *
 * @param listen Begins to listen, and calls `done` at the event.
 * @returns Whether the event came in time.
 */
export async function waitForEvent(listen: (done: () => void) => Disposable, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  using _listening = listen(() => resolve(true));
  const isInTime = await promise;
  clearTimeout(timer);
  return isInTime;
}
