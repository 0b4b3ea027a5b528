import { PeekError } from "@peek/errors";

/** How often a statement is run in all that comes into the way of another. */
const mostTries = 5;

/** Runs a statement again that was ended for another's sake: both are of this queue, and short. */
export async function retryOnConflict<T>(
  run: () => Promise<T>,
  codes: readonly string[] = ["STORAGE_CONFLICT"],
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (tries >= mostTries || !PeekError.is(error) || !codes.includes(error.code)) throw error;
    }
  }
}
