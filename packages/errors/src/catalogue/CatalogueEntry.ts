import type { ExitCode } from "../exitCodes.ts";

/** The documentation of one error code. `docs/reference/errors.md` is generated from these entries. */
export interface CatalogueEntry {
  /** The meaning of the error, for a reader who looks the code up. */
  readonly meaning: string;
  /** The steps that resolve it. */
  readonly resolution: string;
  /** The exit code of a process that this error ends. */
  readonly exitCode: ExitCode;
}
