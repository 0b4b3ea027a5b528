import type { WebParts } from "../web/WebParts.ts";
import type { RequestFailureLog } from "./RequestFailureLog.ts";

/** Objects that the parts of a site share. */
export interface SiteParts {
  readonly allowedOrigins: ReadonlySet<string>;
  readonly failures: RequestFailureLog;
  readonly isDraining: () => boolean;
  /** The parts that serve the app of the site; undefined when it has none. */
  readonly webParts: (() => Promise<WebParts>) | undefined;
}
