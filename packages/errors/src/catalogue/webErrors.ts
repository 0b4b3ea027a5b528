import { ExitCode } from "../exitCodes.ts";
import type { CatalogueEntry } from "./CatalogueEntry.ts";

/** Errors of the build of web modules. */
export const webErrors = {
  WEB_BUILD_INVALID: {
    meaning: "A plugin's web module cannot be built, or could not run in the app.",
    resolution: "Correct what the message names.",
    exitCode: ExitCode.config,
  },
} as const satisfies Record<string, CatalogueEntry>;
