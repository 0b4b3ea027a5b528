import { PeekError, type PeekErrorCode } from "@peek/errors";

/** The service's error as a PeekError. @param fallback The code if only a newer version knows the service's code. */
export function peekErrorOf(code: string, message: string, fallback: PeekErrorCode): PeekError {
  const known = new PeekError(code as PeekErrorCode, message, { fields: { code } });
  return PeekError.is(known) ? known : new PeekError(fallback, message, { fields: { code } });
}
