import type { RequestFailureLog } from "./RequestFailureLog.ts";

/** Objects that the parts of a site share. */
export interface SiteParts {
  readonly allowedOrigins: ReadonlySet<string>;
  readonly failures: RequestFailureLog;
  readonly isDraining: () => boolean;
  /** Fires when the site begins to close: responses that would go on for ever have to end. */
  readonly closing: AbortSignal;
}
