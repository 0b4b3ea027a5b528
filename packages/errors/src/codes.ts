import { errorCatalogue, type PeekErrorCode } from "./catalogue.ts";
import type { ExitCode } from "./exitCodes.ts";

/** Whether a text is one of Peek's codes. */
export function isPeekErrorCode(code: string): code is PeekErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

/** What a process that an error of this code ends should exit with. */
export function exitCodeOf(code: PeekErrorCode): ExitCode {
  return errorCatalogue[code].exitCode;
}
