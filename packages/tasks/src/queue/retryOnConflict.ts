import { PeekError } from "@peek/errors";

const maxTries = 5;

/** Repeats a statement that the database ended because of a conflict with another short statement on the same queue. */
export async function retryOnConflict<T>(
  run: () => Promise<T>,
  codes: readonly string[] = ["STORAGE_CONFLICT"],
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (tries >= maxTries || !PeekError.is(error) || !codes.includes(error.code)) throw error;
    }
  }
}
