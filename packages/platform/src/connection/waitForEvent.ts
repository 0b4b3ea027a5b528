import { waitAtMost } from "@peek/kit";

/**
 * Waits for an event.
 *
 * @param listen Begins to listen, and calls `done` at the event.
 * @returns Whether the event came in time.
 */
export async function waitForEvent(listen: (done: () => void) => Disposable, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<true>();
  using _listening = listen(() => resolve(true));
  return (await waitAtMost(timeoutMs, promise)) === true;
}
