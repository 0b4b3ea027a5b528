import { ExitCode } from "../exitCodes.ts";
import type { CatalogueEntry } from "./CatalogueEntry.ts";

/** Errors of the sites for browsers, and of users. */
export const httpErrors = {
  HTTP_ROUTE_INVALID: {
    meaning: "A plugin adds a route that is not valid, or that exists already.",
    resolution: "Correct the path that the message names.",
    exitCode: ExitCode.internal,
  },
  HTTP_PORT_UNUSABLE: {
    meaning: "A site cannot listen on its port.",
    resolution: "Stop the process that uses the port, or change httpServer.<site>.sitePort.",
    exitCode: ExitCode.unavailable,
  },
  USERS_UNUSABLE: {
    meaning: "The file of users in logic's home cannot be read or written.",
    resolution: "Correct what the message names. Peek did not change the file.",
    exitCode: ExitCode.config,
  },
  USER_UNKNOWN: {
    meaning: "No user has this name.",
    resolution: "See peek user list.",
    exitCode: ExitCode.config,
  },
  USER_EXISTS: {
    meaning: "A user of this name exists already.",
    resolution: "Choose another name, or change the existing user.",
    exitCode: ExitCode.config,
  },
  USER_INVALID: {
    meaning: "Invalid user name, password or group.",
    resolution: "See the message.",
    exitCode: ExitCode.config,
  },
  LOGIN_REFUSED: {
    meaning: "The name or the password is wrong, or the user is disabled.",
    resolution: "Try again, or ask the administrator.",
    exitCode: ExitCode.unavailable,
  },
} as const satisfies Record<string, CatalogueEntry>;
