import { PeekError } from "@peek/errors";

/** Why a database is not copied. What it says ends in what to do. */
export function copyRefused(message: string, cause?: unknown): PeekError {
  return new PeekError("STORAGE_COPY_REFUSED", message, { cause });
}
