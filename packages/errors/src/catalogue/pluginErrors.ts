import { ExitCode } from "../exitCodes.ts";
import type { CatalogueEntry } from "./CatalogueEntry.ts";

/** Errors of finding, checking, loading and running plugins. */
export const pluginErrors = {
  PLUGIN_NAME_INVALID: {
    meaning: "A name in plugin.enabled is not a valid plugin name.",
    resolution: "Write peek_plugin_<name> or peek_core_<name>: lower-case letters, digits and underscores.",
    exitCode: ExitCode.config,
  },
  PLUGIN_DUPLICATE: {
    meaning: "plugin.enabled names a plugin more than once.",
    resolution: "Remove all of its entries but one.",
    exitCode: ExitCode.config,
  },
  PLUGIN_NOT_FOUND: {
    meaning: "No installed package belongs to a name in plugin.enabled.",
    resolution: "Install the package in one of the places that the message lists, or remove the name.",
    exitCode: ExitCode.config,
  },
  PLUGIN_NOT_FOR_SERVICE: {
    meaning: "A plugin cannot be enabled on a service that its plugin_package.json does not require.",
    resolution: "Leave the service out, or add it to requiresServices if the plugin has a part for it.",
    exitCode: ExitCode.config,
  },
  PLUGIN_NOT_ENABLED: {
    meaning: "A plugin was to be reloaded or disabled on a service that does not run it.",
    resolution: "See the enabled plugins with peek status; enable the plugin first.",
    exitCode: ExitCode.config,
  },
  PLUGIN_ALREADY_ENABLED: {
    meaning: "A plugin was to be enabled on a service that runs it already.",
    resolution: "Reload the plugin instead.",
    exitCode: ExitCode.config,
  },
  PLUGIN_SHADOWED: {
    meaning:
      "An installed version of a plugin cannot run, since a service finds the plugin in a place that comes before the installed versions: its workspace or its own dependencies.",
    resolution: "Remove the plugin from the place that the message names, or change it there.",
    exitCode: ExitCode.config,
  },
  CHANGE_QUEUE_FULL: {
    meaning: "Too many changes of plugins wait on a service, which executes one at a time.",
    resolution: "Repeat the change when the others have been executed.",
    exitCode: ExitCode.unavailable,
  },
  CHANGE_CANCELLED: {
    meaning: "A service was stopped before or while it changed a plugin.",
    resolution: "Start the service; repeat the change if the plugin does not run as wanted.",
    exitCode: ExitCode.unavailable,
  },
  MANIFEST_MISSING: {
    meaning: "The package of a plugin has no plugin_package.json.",
    resolution: 'Add the file at the root of the package, and to "files" in its package.json.',
    exitCode: ExitCode.config,
  },
  MANIFEST_UNREADABLE: {
    meaning:
      "plugin_package.json exists but cannot be read: it is a folder, the permission is missing, or it is larger than 1 MiB.",
    resolution: "Make it a plain file that the service's account can read.",
    exitCode: ExitCode.config,
  },
  MANIFEST_MALFORMED: {
    meaning: "plugin_package.json is not valid JSON.",
    resolution: "Fix the line that the message names.",
    exitCode: ExitCode.config,
  },
  MANIFEST_INVALID: {
    meaning: "plugin_package.json lacks a key, or has a wrong type, an unknown service or an invalid version.",
    resolution: "Correct the key as the message shows.",
    exitCode: ExitCode.config,
  },
  MANIFEST_NAME_MISMATCH: {
    meaning: "plugin.packageName in plugin_package.json differs from the name in plugin.enabled.",
    resolution: "Make the two names equal.",
    exitCode: ExitCode.config,
  },
  PLUGIN_VERSION_MISSING: {
    meaning: "The package of a plugin has no version, or a version that npm does not accept.",
    resolution: 'Write "version": "1.0.0" in its package.json.',
    exitCode: ExitCode.config,
  },
  PLUGIN_VERSION_MISMATCH: {
    meaning: "plugin.version in plugin_package.json differs from the version in package.json.",
    resolution: "Remove plugin.version from plugin_package.json: the version in package.json applies.",
    exitCode: ExitCode.config,
  },
  DEPENDENCY_MISSING: {
    meaning: "A plugin depends on a plugin that is not enabled on this service, or does not run on it.",
    resolution: "Enable the dependency too, or make it optional or limit its services in plugin_package.json.",
    exitCode: ExitCode.config,
  },
  DEPENDENCY_VERSION: {
    meaning: "The installed version of a plugin is outside the range that another plugin depends on.",
    resolution: "Install a version in the range, or widen the range in plugin_package.json.",
    exitCode: ExitCode.config,
  },
  DEPENDENCY_CYCLE: {
    meaning: "Plugins depend on each other in a cycle, so that none of them can be first.",
    resolution: "Remove one of the dependencies on the printed path.",
    exitCode: ExitCode.config,
  },
  DEPENDENCY_FAILED: {
    meaning: "A plugin does not run because a plugin that it depends on has failed.",
    resolution: "Fix the plugin that the message names.",
    exitCode: ExitCode.config,
  },
  ENTRY_UNRESOLVED: {
    meaning: "The package.json of a plugin does not name its entry file, or that file does not exist.",
    resolution: 'Set "exports" in its package.json, and build the package.',
    exitCode: ExitCode.config,
  },
  IMPORT_FAILED: {
    meaning: "Importing the package of a plugin threw an error.",
    resolution:
      "See the cause of the error: a missing dependency, a syntax error, or code at module level that throws.",
    exitCode: ExitCode.internal,
  },
  ENTRY_HOOK_MISSING: {
    meaning: "plugin_package.json requires this service, but the package exports no peek<Service>EntryHook() for it.",
    resolution: "Export the function from the package's entry, or remove the service from requiresServices.",
    exitCode: ExitCode.config,
  },
  ENTRY_HOOK_NOT_A_CLASS: {
    meaning: "peek<Service>EntryHook() returned a value that is not a class.",
    resolution: "Return the class itself, not an instance of it.",
    exitCode: ExitCode.config,
  },
  ENTRY_HOOK_WRONG_CLASS: {
    meaning: "The class that peek<Service>EntryHook() returned does not extend the abstract class of this service.",
    resolution:
      "Extend Plugin<Service>EntryHookABC of @peek/plugin-base/<service>, and define load, start, stop and unload.",
    exitCode: ExitCode.config,
  },
  ENTRY_HOOK_INCOMPATIBLE: {
    meaning: "The plugin was built with a version of plugin-base that this platform does not support.",
    resolution: "Install a version of the plugin for this platform, or upgrade the platform.",
    exitCode: ExitCode.config,
  },
  HOOK_THREW: {
    meaning: "The entry hook function, the constructor, load, start, stop or unload of a plugin threw or rejected.",
    resolution: "See the cause of the error, and fix the plugin.",
    exitCode: ExitCode.internal,
  },
  HOOK_TIMED_OUT: {
    meaning: "The import or a hook of a plugin did not settle within its deadline, and was abandoned.",
    resolution:
      "Look for a promise that is never resolved; if the hook is only slow, raise the deadline in plugin.deadlines.",
    exitCode: ExitCode.internal,
  },
  HOOK_CANCELLED: {
    meaning: "The service was stopped while a hook of a plugin was running, and the hook did not settle soon after.",
    resolution: "Nothing has to be done; a hook that settles faster is stopped more cleanly.",
    exitCode: ExitCode.internal,
  },
  PLUGIN_CALLED_EXIT: {
    meaning: "A plugin called process.exit(). Only the service may end its process.",
    resolution: "Throw an error instead.",
    exitCode: ExitCode.internal,
  },
  PLUGIN_LATE_ERROR: {
    meaning:
      "A plugin threw outside its hooks: in a timer, in an event listener, or in a promise that was not awaited.",
    resolution: "See the cause of the error; catch it in the plugin.",
    exitCode: ExitCode.internal,
  },
  PLUGIN_RELEASED: {
    meaning:
      "A plugin used its platform object, or a resource from it, after the plugin had been stopped or had failed.",
    resolution: "End all work in stop(), and wait for it there.",
    exitCode: ExitCode.internal,
  },
  PLUGIN_STATE_ILLEGAL: {
    meaning: "The loader tried to move a plugin to a state that does not follow from its present state.",
    resolution: "This is a fault in Peek; please report it with the log.",
    exitCode: ExitCode.internal,
  },
  RESOURCE_NOT_RELEASED: {
    meaning: "Releasing a resource of a plugin threw, or did not settle in time.",
    resolution: "Check the dispose function of the resource that the message names.",
    exitCode: ExitCode.internal,
  },
  API_NOT_DECLARED: {
    meaning:
      "A plugin asked for the API of another plugin, but its plugin_package.json does not declare this dependency.",
    resolution:
      'Add the other plugin to "dependencies" in plugin_package.json; ask for an optional dependency with { optional: true }.',
    exitCode: ExitCode.internal,
  },
  API_NOT_PUBLISHED: {
    meaning: "A plugin asked for an API that the other plugin does not publish on this service.",
    resolution: "Return the API from published<Service>Api of the other plugin.",
    exitCode: ExitCode.internal,
  },
} as const satisfies Record<string, CatalogueEntry>;
