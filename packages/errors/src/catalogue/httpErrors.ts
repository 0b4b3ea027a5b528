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
  WEB_MODULE_MISSING: {
    meaning:
      "The folder of a plugin's web module, its peek-web.json, or a file that it names, is missing or cannot be read.",
    resolution: "Build the plugin, then reload it. The other plugins run on.",
    exitCode: ExitCode.config,
  },
  WEB_MODULE_INVALID: {
    meaning:
      "The folder of a plugin's web module is malformed: peek-web.json, the name of a file, a link, or the size of the folder.",
    resolution: "Correct what the message names, build the plugin, and reload it.",
    exitCode: ExitCode.config,
  },
  WEB_API_INCOMPATIBLE: {
    meaning: "A plugin's web module was built for another major version of the web API.",
    resolution: "Install a version of the plugin that is built for this Peek, or update Peek.",
    exitCode: ExitCode.config,
  },
  RATE_LIMITED: {
    meaning: "A browser has sent too many requests of one kind.",
    resolution: "Try again after the time in Retry-After.",
    exitCode: ExitCode.unavailable,
  },
} as const satisfies Record<string, CatalogueEntry>;
