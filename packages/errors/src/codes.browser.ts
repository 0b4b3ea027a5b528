import type { PeekErrorCode } from "./catalogue/errorCatalogue.ts";
import { ExitCode } from "./exitCodes.ts";

// The texts of the catalogue would be a third of the code that a page loads from Peek, and no page shows them.

/** Whether a text has the form of Peek's codes: only services have the list of them. */
export function isPeekErrorCode(code: string): code is PeekErrorCode {
  return /^[A-Z][A-Z_]{1,99}$/.test(code);
}

/** Pages do not exit. */
export function exitCodeOf(_code: PeekErrorCode): ExitCode {
  return ExitCode.internal;
}
