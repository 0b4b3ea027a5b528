import { PeekError } from "@peek/errors";

/** The PeekError by which an action fails. */
export async function caught(action: () => unknown): Promise<PeekError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof PeekError) return error;
    throw new Error(`Not a PeekError was thrown: ${String(error)}`, { cause: error });
  }
  throw new Error("Nothing was thrown");
}
