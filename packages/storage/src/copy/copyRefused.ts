import { PeekError } from "@peek/errors";

/** The error when a database cannot be copied. The message ends with the remedy. */
export function copyRefused(message: string, cause?: unknown): PeekError {
  return new PeekError("STORAGE_COPY_REFUSED", message, { cause });
}
