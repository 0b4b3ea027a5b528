import { PeekError } from "@peek/errors";

/** The PeekError that an action throws. */
export function caught(action: () => unknown): PeekError {
  try {
    action();
  } catch (error) {
    if (error instanceof PeekError) return error;
    throw new Error(`Not a PeekError was thrown: ${String(error)}`, { cause: error });
  }
  throw new Error("Nothing was thrown");
}
