import type { PeekErrorCode } from "./catalogue.ts";
import { ExitCode } from "./exitCodes.ts";

// The texts of the catalogue are a third of all that a page would load of Peek, and no page shows them.

/** Whether a text may be one of Peek's codes: which there are, only services know. */
export function isPeekErrorCode(code: string): code is PeekErrorCode {
  return /^[A-Z][A-Z_]{1,99}$/.test(code);
}

/** Pages do not exit. */
export function exitCodeOf(_code: PeekErrorCode): ExitCode {
  return ExitCode.internal;
}
