import { ExitCode } from "../exitCodes.ts";
import type { CatalogueEntry } from "./CatalogueEntry.ts";

/** Errors of observables, actions and the browsers that use them. */
export const liveErrors = {
  OBSERVABLE_ALREADY_PROVIDED: {
    meaning: "A plugin provides or exposes the same observable twice.",
    resolution: "Provide or expose it once.",
    exitCode: ExitCode.internal,
  },
  OBSERVABLE_UNKNOWN: {
    meaning: "A browser watches an observable that the service does not expose, or that logic does not provide.",
    resolution: "Check that the plugin runs on both services, exposes the observable here and provides it on logic.",
    exitCode: ExitCode.unavailable,
  },
  OBSERVABLE_NEEDS_STORAGE: {
    meaning: "An observable names tables, but its plugin does not require storage.",
    resolution: 'Add "storage" to requiresServices of plugin_package.json, or leave out tables.',
    exitCode: ExitCode.config,
  },
  OBSERVABLE_TABLE_UNKNOWN: {
    meaning: "An observable names a table that is not in the plugin's schema. Views cannot be watched.",
    resolution:
      "Correct the name, or create the table in a migration. In place of a view, name the tables that it reads.",
    exitCode: ExitCode.internal,
  },
  OBSERVABLE_LOAD_FAILED: {
    meaning: "The provider of an observable failed, or returned data that does not match its tuple type.",
    resolution: "See the log of the logic service. Peek repeats the load by itself.",
    exitCode: ExitCode.internal,
  },
  SUBSCRIPTION_LIMIT: {
    meaning: "A browser has reached its limit of subscriptions.",
    resolution: "End some subscriptions before you start others.",
    exitCode: ExitCode.unavailable,
  },
  SESSION_ENDED: {
    meaning: "The user has logged out, or is no longer allowed to use the service.",
    resolution: "Log in again.",
    exitCode: ExitCode.unavailable,
  },
  SESSION_CHANGED: {
    meaning: "The name or the groups of a logged-in user have changed.",
    resolution: "Nothing has to be done: pages reconnect by themselves, with the new name and groups.",
    exitCode: ExitCode.unavailable,
  },
  CLIENT_FRAME_INVALID: {
    meaning: "A browser sent a message that is not valid in Peek's protocol, or is too large.",
    resolution: "Reload the page; a program should use Peek's own client.",
    exitCode: ExitCode.internal,
  },
  CLIENT_OVERLOAD: {
    meaning: "A browser exceeds its rate limit.",
    resolution: "Send less at a time.",
    exitCode: ExitCode.unavailable,
  },
  CLIENT_CLOSED: {
    meaning: "A client was used after it had been closed.",
    resolution: "Create a new client.",
    exitCode: ExitCode.internal,
  },
  CLIENT_STORAGE_UNAVAILABLE: {
    meaning:
      "The device cannot store the data that survives a reload of the page: its storage is full or unusable, or a newer version of the page changed it.",
    resolution: "Free space on the device, leave the private mode, or reload the page, as the message says.",
    exitCode: ExitCode.unavailable,
  },
  ACTION_ALREADY_HANDLED: {
    meaning: "A plugin handles or exposes the same action twice.",
    resolution: "Handle or expose it once.",
    exitCode: ExitCode.internal,
  },
  ACTION_NEEDS_STORAGE: {
    meaning: "A plugin handles an action, but does not require storage.",
    resolution: 'Add "storage" to requiresServices of plugin_package.json.',
    exitCode: ExitCode.config,
  },
  ACTION_UNKNOWN: {
    meaning: "A browser pushed an action that the service does not expose, or that logic does not handle.",
    resolution:
      "Check that the plugin runs on both services, exposes the action here and handles it on logic. The device keeps the action.",
    exitCode: ExitCode.unavailable,
  },
  ACTION_REJECTED: {
    meaning: "The handler of an action rejected it. The action is kept as a dead letter.",
    resolution: "See the message.",
    exitCode: ExitCode.internal,
  },
  ACTION_FAILED: {
    meaning: "The handler of an action failed at every attempt. The action is kept as a dead letter.",
    resolution: "See the log of the logic service.",
    exitCode: ExitCode.internal,
  },
  ACTION_PUT_OFF: {
    meaning: "The handler of an action cannot execute it now, and asked for a later attempt.",
    resolution: "Nothing has to be done: Peek repeats the action by itself.",
    exitCode: ExitCode.unavailable,
  },
  ACTION_UPDATE_NEEDED: {
    meaning:
      "A device has an action of another version of its type, which this version cannot read. The device keeps the action, and those after it in its lane.",
    resolution:
      "Load the page again. Where that does not help, add upgrade() to the type of the action, or dismiss the action on the device.",
    exitCode: ExitCode.unavailable,
  },
  ACTION_FORGOTTEN: {
    meaning: "The outcome of an action is no longer stored.",
    resolution: "Nothing has to be done: the action was executed or rejected exactly once.",
    exitCode: ExitCode.internal,
  },
} as const satisfies Record<string, CatalogueEntry>;
