import { ExitCode } from "../exitCodes.ts";
import type { CatalogueEntry } from "./CatalogueEntry.ts";

/** Errors of a service's process, home, configuration and log. */
export const serviceErrors = {
  USAGE: {
    meaning: "The command line has an unknown or missing option, command or argument.",
    resolution: "Run the command with --help.",
    exitCode: ExitCode.usage,
  },
  NODE_TOO_OLD: {
    meaning: "The command was started with a version of Node that is too old for Peek.",
    resolution: "Put a newer Node first in the PATH.",
    exitCode: ExitCode.config,
  },
  HOME_UNUSABLE: {
    meaning: "The service's home folder cannot be created, entered or written.",
    resolution: "Make the account that runs the service the owner of the folder, or move the home with PEEK_HOME.",
    exitCode: ExitCode.config,
  },
  HOME_LOCKED: {
    meaning: "Another process of the same service is running on this home.",
    resolution: "Stop the process that the message names, or give the new process a different home with PEEK_HOME.",
    exitCode: ExitCode.unavailable,
  },
  CONFIG_UNREADABLE: {
    meaning:
      "config.json exists but cannot be read: it is a folder, the permission is missing, or it is larger than 1 MiB.",
    resolution: "Make it a plain file that the service's account can read. Peek did not change the file.",
    exitCode: ExitCode.config,
  },
  CONFIG_MALFORMED: {
    meaning: "config.json is not valid JSON, or has a key twice.",
    resolution: "Fix the line that the message names. Peek did not change the file.",
    exitCode: ExitCode.config,
  },
  CONFIG_INVALID: {
    meaning: "config.json has a value of the wrong type, or a value that is not allowed.",
    resolution: "Correct the key as the message shows. Peek did not change the file.",
    exitCode: ExitCode.config,
  },
  CONFIG_NOT_SAVED: {
    meaning: "config.json could not be written.",
    resolution: "Check the free space of the disk and the permissions of the folder. The file is unchanged.",
    exitCode: ExitCode.config,
  },
  CONFIG_KEY_UNKNOWN: {
    meaning: "The service has no configuration key of this name.",
    resolution: "Use the nearest key, which the message names, or see the reference of config.json.",
    exitCode: ExitCode.usage,
  },
  LOG_FILE_UNUSABLE: {
    meaning:
      "The log file cannot be opened or written, or lines were lost because the process ended before they were written.",
    resolution: "Check the free space of the disk and the permissions of the log folder in the service's home.",
    exitCode: ExitCode.config,
  },
  LOG_CONSOLE_UNUSABLE: {
    meaning: "Standard output cannot be written, or no program reads it.",
    resolution: "Check where the service's standard output leads, or set logging.logToStdout to false.",
    exitCode: ExitCode.config,
  },
  LOGIC_NOT_RUNNING: {
    meaning: "A command that changes running plugins was called on a machine on which logic does not run.",
    resolution: "Run the command on logic's machine, with its PEEK_HOME; start logic if no service runs.",
    exitCode: ExitCode.unavailable,
  },
  SERVICE_NOT_FOUND: {
    meaning: "The package of the service is not installed where the peek command looks for it.",
    resolution: "Run peek in the workspace, or in the folder that the service was deployed to.",
    exitCode: ExitCode.config,
  },
  INTERNAL: {
    meaning: "Peek's code met a case that it does not expect.",
    resolution: "Please report it with the log.",
    exitCode: ExitCode.internal,
  },
} as const satisfies Record<string, CatalogueEntry>;
