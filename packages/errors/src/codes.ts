import { errorCatalogue, type PeekErrorCode } from "./catalogue/errorCatalogue.ts";
import type { ExitCode } from "./exitCodes.ts";

/** Whether a text is one of Peek's codes. */
export function isPeekErrorCode(code: string): code is PeekErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

/** The exit code of a process that an error of this code ends. */
export function exitCodeOf(code: PeekErrorCode): ExitCode {
  return errorCatalogue[code].exitCode;
}
