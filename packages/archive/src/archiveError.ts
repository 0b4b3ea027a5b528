import { PeekError } from "@peek/errors";

/** The codes of an archive that is refused. */
export type ArchiveErrorCode =
  | "ARCHIVE_DOWNGRADE"
  | "ARCHIVE_INCOMPATIBLE"
  | "ARCHIVE_INVALID"
  | "ARCHIVE_MISMATCH"
  | "ARCHIVE_TOO_LARGE";

/** Describes an archive that is refused; `what` is the rest of the sentence, with what to do. */
export function archiveError(code: ArchiveErrorCode, file: string, what: string, cause?: unknown): PeekError {
  return new PeekError(code, `${file} ${what}`, { ...(cause !== undefined && { cause }), fields: { file } });
}
