import { PeekError, type PeekErrorCode } from "@peek/errors";

/** What the service has refused, as an error; with a code of a newer version, `otherwise`. */
export function peekErrorOf(code: string, message: string, otherwise: PeekErrorCode): PeekError {
  const known = new PeekError(code as PeekErrorCode, message, { fields: { code } });
  return PeekError.is(known) ? known : new PeekError(otherwise, message, { fields: { code } });
}
