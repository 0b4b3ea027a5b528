import { ExitCode } from "./exitCodes.ts";

/** What is known of one error code. `docs/reference/errors.md` is made from these. */
export interface CatalogueEntry {
  /** What has happened, for whoever looks the code up. */
  readonly meaning: string;
  /** What to do about it. */
  readonly cure: string;
  /** What a process ends with when this error ends it. */
  readonly exitCode: ExitCode;
}

/**
 * Every code that Peek's own errors carry. A code, once released, keeps its meaning for ever: a retired one is never
 * used again for something else.
 */
export const errorCatalogue = {
  USAGE: {
    meaning: "The command line has an option, a command or an argument that is not known or is missing.",
    cure: "Run the command with --help.",
    exitCode: ExitCode.usage,
  },
  NODE_TOO_OLD: {
    meaning: "The command was started with a Node that lacks what Peek uses.",
    cure: "Put a newer Node first in the PATH.",
    exitCode: ExitCode.config,
  },
  HOME_UNUSABLE: {
    meaning: "The service's home folder cannot be created, entered or written.",
    cure: "Give the account that runs the service the folder, or move it with PEEK_HOME.",
    exitCode: ExitCode.config,
  },
  HOME_LOCKED: {
    meaning: "Another process of the same service is running on this home.",
    cure: "Stop the process that the message names, or give this one a home of its own with PEEK_HOME.",
    exitCode: ExitCode.unavailable,
  },
  CONFIG_UNREADABLE: {
    meaning: "config.json is there but cannot be read: a folder, no permission, or larger than 1 MiB.",
    cure: "Make it a plain file that the service's account can read. The file was left as it was.",
    exitCode: ExitCode.config,
  },
  CONFIG_MALFORMED: {
    meaning: "config.json is not JSON, or has a key twice.",
    cure: "Mend the line that the message names. The file was left as it was.",
    exitCode: ExitCode.config,
  },
  CONFIG_INVALID: {
    meaning: "config.json holds a value of the wrong type, or one that is not among those allowed.",
    cure: "Correct the key as the message shows. The file was left as it was.",
    exitCode: ExitCode.config,
  },
  CONFIG_NOT_SAVED: {
    meaning: "config.json could not be written.",
    cure: "Look at the disk's space and the folder's permissions. The file was left as it was.",
    exitCode: ExitCode.config,
  },
  CONFIG_KEY_UNKNOWN: {
    meaning: "The key asked for is not one that this service has.",
    cure: "Use the nearest key that the message names, or see the reference of config.json.",
    exitCode: ExitCode.usage,
  },
  LOG_FILE_UNUSABLE: {
    meaning: "The log file cannot be opened or written, or lines were not written to it before the end.",
    cure: "Look at the disk's space and the permissions of the log folder in the service's home.",
    exitCode: ExitCode.config,
  },
  LOG_CONSOLE_UNUSABLE: {
    meaning: "Standard output cannot be written, or nobody reads it.",
    cure: "See where the service's standard output leads, or set logging.logToStdout to false.",
    exitCode: ExitCode.config,
  },
  SERVICE_NOT_FOUND: {
    meaning: "The service's package is not installed where the peek command looks.",
    cure: "Run peek from the workspace, or from the folder the service was deployed to.",
    exitCode: ExitCode.config,
  },
  PLUGIN_NAME_INVALID: {
    meaning: "A name in plugin.enabled is not a plugin's name.",
    cure: "Write peek_plugin_<name> or peek_core_<name>: lower case letters, digits and underscores.",
    exitCode: ExitCode.config,
  },
  PLUGIN_DUPLICATE: {
    meaning: "A plugin is named more than once in plugin.enabled.",
    cure: "Remove all but one.",
    exitCode: ExitCode.config,
  },
  PLUGIN_NOT_FOUND: {
    meaning: "No installed package belongs to a name in plugin.enabled.",
    cure: "Install the package in one of the places that the message lists, or take the name out.",
    exitCode: ExitCode.config,
  },
  PLUGIN_NOT_FOR_SERVICE: {
    meaning: "A plugin was to be enabled on a service that its plugin_package.json does not require.",
    cure: "Leave the service out, or add it to requiresServices if the plugin has a part for it.",
    exitCode: ExitCode.config,
  },
  MANIFEST_MISSING: {
    meaning: "A plugin's package has no plugin_package.json.",
    cure: 'Add the file at the root of the package, and to "files" in its package.json.',
    exitCode: ExitCode.config,
  },
  MANIFEST_UNREADABLE: {
    meaning: "plugin_package.json is there but cannot be read: a folder, no permission, or larger than 1 MiB.",
    cure: "Make it a plain file that the service's account can read.",
    exitCode: ExitCode.config,
  },
  MANIFEST_MALFORMED: {
    meaning: "plugin_package.json is not JSON.",
    cure: "Mend the line that the message names.",
    exitCode: ExitCode.config,
  },
  MANIFEST_INVALID: {
    meaning: "plugin_package.json lacks something, or holds a wrong type, an unknown service or a bad version.",
    cure: "Correct the key as the message shows.",
    exitCode: ExitCode.config,
  },
  MANIFEST_NAME_MISMATCH: {
    meaning: "plugin.packageName in plugin_package.json is not the name that the plugin was enabled by.",
    cure: "Make the two the same.",
    exitCode: ExitCode.config,
  },
  PLUGIN_VERSION_MISSING: {
    meaning: "A plugin's package has no version, or one that is none of npm's.",
    cure: 'Write "version": "1.0.0" in its package.json.',
    exitCode: ExitCode.config,
  },
  PLUGIN_VERSION_MISMATCH: {
    meaning: "plugin.version in plugin_package.json is not the version in package.json.",
    cure: "Remove plugin.version from plugin_package.json: the version in package.json is the plugin's.",
    exitCode: ExitCode.config,
  },
  DEPENDENCY_MISSING: {
    meaning: "A plugin depends on one that is not enabled, or that does not run, on this service.",
    cure: "Enable it too, or mark the dependency optional or limit its services in plugin_package.json.",
    exitCode: ExitCode.config,
  },
  DEPENDENCY_VERSION: {
    meaning: "A plugin depends on a version of another that is not the one installed.",
    cure: "Install a version in the range, or widen the range in plugin_package.json.",
    exitCode: ExitCode.config,
  },
  DEPENDENCY_CYCLE: {
    meaning: "Plugins depend on each other in a circle, so that none can be first.",
    cure: "Take one of the dependencies on the printed path away.",
    exitCode: ExitCode.config,
  },
  DEPENDENCY_FAILED: {
    meaning: "A plugin was not run because one that it depends on has failed.",
    cure: "Mend the plugin that the message names.",
    exitCode: ExitCode.config,
  },
  ENTRY_UNRESOLVED: {
    meaning: "A plugin's package.json does not say which file is its entry, or that file is not there.",
    cure: 'Set "exports" in its package.json, and build the package.',
    exitCode: ExitCode.config,
  },
  IMPORT_FAILED: {
    meaning: "Importing a plugin's package threw an error.",
    cure: "See the error's cause: a missing dependency, a syntax error, or code at module level that throws.",
    exitCode: ExitCode.internal,
  },
  ENTRY_HOOK_MISSING: {
    meaning: "plugin_package.json requires this service, but the package has no peek<Service>EntryHook() for it.",
    cure: "Export the function from the package's entry, or take the service out of requiresServices.",
    exitCode: ExitCode.config,
  },
  ENTRY_HOOK_NOT_A_CLASS: {
    meaning: "peek<Service>EntryHook() returned something that is not a class.",
    cure: "Return the class itself: neither an instance of it nor nothing.",
    exitCode: ExitCode.config,
  },
  ENTRY_HOOK_WRONG_CLASS: {
    meaning: "The class that peek<Service>EntryHook() returned does not extend this service's abstract class.",
    cure: "Extend Plugin<Service>EntryHookABC of @peek/plugin-base/<service>, and define load, start, stop and unload.",
    exitCode: ExitCode.config,
  },
  ENTRY_HOOK_INCOMPATIBLE: {
    meaning: "The plugin was built with a plugin-base that this platform does not understand.",
    cure: "Install a version of the plugin for this platform, or upgrade the platform.",
    exitCode: ExitCode.config,
  },
  HOOK_THREW: {
    meaning: "The entry hook function, the constructor, load, start, stop or unload of a plugin threw or rejected.",
    cure: "See the error's cause; it is the plugin's.",
    exitCode: ExitCode.internal,
  },
  HOOK_TIMED_OUT: {
    meaning: "A plugin's import or hook did not settle within its deadline, and was given up on.",
    cure: "Look for a promise that is never resolved; if it is only slow, raise the deadline in plugin.deadlines.",
    exitCode: ExitCode.internal,
  },
  HOOK_CANCELLED: {
    meaning: "The service was told to stop while a plugin's hook was running, and it did not settle soon after.",
    cure: "None is needed; a hook that settles faster is stopped more cleanly.",
    exitCode: ExitCode.internal,
  },
  PLUGIN_CALLED_EXIT: {
    meaning: "A plugin called process.exit(). Only the service ends its process.",
    cure: "Throw an error instead.",
    exitCode: ExitCode.internal,
  },
  PLUGIN_LATE_ERROR: {
    meaning: "A plugin threw outside its hooks: from a timer, an event or a promise that nobody awaited.",
    cure: "See the error's cause; catch it in the plugin.",
    exitCode: ExitCode.internal,
  },
  PLUGIN_RELEASED: {
    meaning: "A plugin used something that the platform took back when the plugin failed or was stopped.",
    cure: "Stop all work in stop(), and wait for it there.",
    exitCode: ExitCode.internal,
  },
  PLUGIN_STATE_ILLEGAL: {
    meaning: "The loader was asked to move a plugin to a state that does not follow from the one it is in.",
    cure: "This is a fault in Peek; please report it with the log.",
    exitCode: ExitCode.internal,
  },
  RESOURCE_NOT_RELEASED: {
    meaning: "Something that a plugin had acquired threw, or did not settle, while it was being released.",
    cure: "Look at the dispose function of the resource that the message names.",
    exitCode: ExitCode.internal,
  },
  API_NOT_DECLARED: {
    meaning: "A plugin asked for the API of one that its plugin_package.json does not depend on in that way.",
    cure: 'Add it to "dependencies" in plugin_package.json, and ask for an optional one with { optional: true }.',
    exitCode: ExitCode.internal,
  },
  API_NOT_PUBLISHED: {
    meaning: "A plugin asked for an API that the other plugin does not publish on this service.",
    cure: "Return it from the other plugin's published<Service>Api.",
    exitCode: ExitCode.internal,
  },
  STORAGE_UNAVAILABLE: {
    meaning: "The database cannot be reached, or its connection was lost.",
    cure: "The work can be tried again. If it lasts, see whether the server that the message names is running and reachable.",
    exitCode: ExitCode.unavailable,
  },
  STORAGE_REFUSED: {
    meaning: "The database server was reached and refused: password, account, database name, TLS or rights.",
    cure: "Correct what the message names, in storage.connectUrl or on the server.",
    exitCode: ExitCode.config,
  },
  STORAGE_TOO_NEW: {
    meaning: "Peek's own tables in the database were made by a newer version of Peek.",
    cure: "Run that version of Peek, or a newer one.",
    exitCode: ExitCode.config,
  },
  STORAGE_CONNECTIONS: {
    meaning: "The server allows fewer connections than the plugins need.",
    cure: "Raise max_connections on the server, or enable fewer plugins on it.",
    exitCode: ExitCode.config,
  },
  STORAGE_EMBEDDED_FAILED: {
    meaning: "The embedded PostgreSQL could not be made, started or stopped.",
    cure: "See the reason in the message: space and rights of the folder, or what PostgreSQL printed.",
    exitCode: ExitCode.unavailable,
  },
  STORAGE_EMBEDDED_UNSUPPORTED: {
    meaning: "The embedded PostgreSQL cannot be used on this machine or by this account.",
    cure: "Name a server in storage.connectUrl, or run the service by an ordinary account on a supported system.",
    exitCode: ExitCode.config,
  },
  STORAGE_DATA_VERSION: {
    meaning: "The embedded database's files were written by another major version of PostgreSQL.",
    cure: "Run the version of Peek that wrote them, copy the data out with peek storage copy, and back in.",
    exitCode: ExitCode.config,
  },
  STORAGE_SCHEMA_TAKEN: {
    meaning: "The schema that a plugin is to have is there already, and was not made by Peek.",
    cure: "Rename or drop that schema, or use another database.",
    exitCode: ExitCode.config,
  },
  STORAGE_SCHEMA_GONE: {
    meaning: "A plugin's schema is not in the database any more, though its migrations were applied.",
    cure: "Restore it from a backup; or, to begin anew, delete the plugin's rows from peek_platform.migration and peek_platform.plugin.",
    exitCode: ExitCode.config,
  },
  STORAGE_ROLE_TAKEN: {
    meaning:
      "The role that a plugin is to have is on the server already, and has rights that no plugin gets, or may not be altered by the account of storage.connectUrl.",
    cure: "Drop or rename that role, or let a superuser change it as the message says.",
    exitCode: ExitCode.config,
  },
  STORAGE_BUSY: {
    meaning: "All database connections that a plugin may have were in use for too long.",
    cure: "Give connections back sooner, or raise storage.poolSize.",
    exitCode: ExitCode.internal,
  },
  STORAGE_TIMEOUT: {
    meaning: "A database statement or transaction took longer than it may.",
    cure: "Make it quicker, or raise storage.statementTimeoutSeconds or storage.idleInTransactionTimeoutSeconds.",
    exitCode: ExitCode.internal,
  },
  STORAGE_CONFLICT: {
    meaning: "Transactions that ran at the same time were in each other's way, also when tried again.",
    cure: "Try again later, make the transaction shorter, or take locks in one order.",
    exitCode: ExitCode.internal,
  },
  STORAGE_DENIED: {
    meaning: "A plugin's SQL reached for what is not its own.",
    cure: "Use the tables of the plugin's own schema; ask the other plugin by its API.",
    exitCode: ExitCode.internal,
  },
  STORAGE_CONSTRAINT: {
    meaning: "The database refused a value that breaks a constraint; fields has its name.",
    cure: "Correct the value, or handle the case.",
    exitCode: ExitCode.internal,
  },
  STORAGE_QUERY_FAILED: {
    meaning: "The database refused a statement; fields has PostgreSQL's code.",
    cure: "Correct the statement that the message shows.",
    exitCode: ExitCode.internal,
  },
  STORAGE_COMMIT_UNKNOWN: {
    meaning: "The connection was lost while a transaction was being committed, so that nobody knows whether it was.",
    cure: "Look whether its changes are there before doing them again.",
    exitCode: ExitCode.unavailable,
  },
  STORAGE_CLOSED: {
    meaning: "A plugin used its storage after it had been unloaded.",
    cure: "End all work in stop(), and wait for it there.",
    exitCode: ExitCode.internal,
  },
  STORAGE_CONNECTIONS_LEAKED: {
    meaning: "Database connections were still in use when they should have been given back.",
    cure: "Await every query and transaction, and read or close every stream, before the end.",
    exitCode: ExitCode.internal,
  },
  STORAGE_COPY_REFUSED: {
    meaning: "The data was not copied to the other database, which is as it was.",
    cure: "See the reason in the message.",
    exitCode: ExitCode.config,
  },
  MIGRATIONS_UNREADABLE: {
    meaning: "The folder of a plugin's migrations, or a file in it, is not as it must be.",
    cure: "Correct what the message names.",
    exitCode: ExitCode.config,
  },
  MIGRATION_FAILED: {
    meaning: "A migration threw. The schema is as it was before that migration.",
    cure: "Correct the migration; the message has the statement and the position.",
    exitCode: ExitCode.internal,
  },
  MIGRATION_EDITED: {
    meaning: "A migration was changed after it had been applied to this database.",
    cure: "Put the file back as it was, and make the change in a new migration.",
    exitCode: ExitCode.config,
  },
  MIGRATION_MISSING: {
    meaning: "A migration that was applied to this database is not in the plugin's package.",
    cure: "Put the file back.",
    exitCode: ExitCode.config,
  },
  MIGRATION_OUT_OF_ORDER: {
    meaning: "A migration is not applied, though later ones are.",
    cure: "Give it a number after the last that is applied.",
    exitCode: ExitCode.config,
  },
  MIGRATION_NEWER: {
    meaning: "The database has migrations of a newer version of the plugin.",
    cure: "Install that version of the plugin or a newer one; or roll back with that version and peek storage rollback.",
    exitCode: ExitCode.config,
  },
  MIGRATION_NOT_REVERSIBLE: {
    meaning: "A migration that is to be rolled back has no down().",
    cure: "Restore a backup, or write the way back as a new migration.",
    exitCode: ExitCode.config,
  },
  CONTRACT_INVALID: {
    meaning: "A tuple type, an RPC contract or a selector is not defined, served or called as it must be.",
    cure: "Correct what the message names.",
    exitCode: ExitCode.internal,
  },
  DATA_INVALID: {
    meaning: "Data that came from another side, or is to be sent there, does not fit its schema.",
    cure: "See the path in the message; bring the plugin to the same version on both sides.",
    exitCode: ExitCode.internal,
  },
  DATA_UNENCODABLE: {
    meaning: "A value cannot be sent: it has a function, a symbol, a class of its own, a cycle, or too many levels.",
    cure: "Send plain data: what the documentation of contracts lists.",
    exitCode: ExitCode.internal,
  },
  VORTEX_DISCONNECTED: {
    meaning: "Nothing could be sent, since the service is not connected to the others at this moment.",
    cure: "It connects again by itself; see the log for what keeps it from that.",
    exitCode: ExitCode.unavailable,
  },
  VORTEX_NOBODY: {
    meaning: "Nobody is connected who could take what was to be sent.",
    cure: "Start the service, and enable the plugin there; or let the call wait.",
    exitCode: ExitCode.unavailable,
  },
  VORTEX_OVERLOADED: {
    meaning: "More waits to be sent than may, since it is not taken fast enough.",
    cure: "Send less at a time, or wait for answers before sending more.",
    exitCode: ExitCode.unavailable,
  },
  VORTEX_MESSAGE_TOO_LARGE: {
    meaning: "A message is larger than may be sent.",
    cure: "Send it in parts, or as a stream.",
    exitCode: ExitCode.internal,
  },
  VORTEX_FRAME_INVALID: {
    meaning: "What a peer sent is not what Peek's services send to each other.",
    cure: "Look at who connects from the address in the message, and with which version.",
    exitCode: ExitCode.internal,
  },
  VORTEX_CLOSED: {
    meaning: "A plugin used Vortex after it had been stopped, or a service while it stops.",
    cure: "End all work in stop(), and wait for it there.",
    exitCode: ExitCode.internal,
  },
  PEER_GONE: {
    meaning:
      "The service that was called is gone, or the way to it was cut. Whether it had done its work is not known.",
    cure: "Ask it about the state of things before calling again.",
    exitCode: ExitCode.unavailable,
  },
  DEADLINE_EXCEEDED: {
    meaning: "A call was not answered in time. Whether it was done is not known.",
    cure: "See what holds up the called service, or give the call more time.",
    exitCode: ExitCode.unavailable,
  },
  CALL_CANCELLED: {
    meaning: "The caller has given up a call.",
    cure: "Nothing; it is the reason that a handler's signal fires with.",
    exitCode: ExitCode.internal,
  },
  FORBIDDEN: {
    meaning: "The caller's service may not call this.",
    cure: "Call it from a service that the contract's server accepts.",
    exitCode: ExitCode.config,
  },
  RPC_UNKNOWN: {
    meaning: "The called service does not have the procedure.",
    cure: "Enable the plugin there, in a version that has it.",
    exitCode: ExitCode.unavailable,
  },
  RPC_BUSY: {
    meaning: "The called service has as many calls running and waiting as it takes.",
    cure: "Call less at a time, or later.",
    exitCode: ExitCode.unavailable,
  },
  RPC_HANDLER_FAILED: {
    meaning: "The handler of a call threw an error.",
    cure: "See the log of the called service.",
    exitCode: ExitCode.internal,
  },
  RPC_REJECTED: {
    meaning: "The handler of a call refused it with an error that the contract declares.",
    cure: "See the error's name and data.",
    exitCode: ExitCode.internal,
  },
  RPC_ALREADY_SERVED: {
    meaning: "A plugin serves a contract that it serves already.",
    cure: "Serve it once, with one object of handlers.",
    exitCode: ExitCode.internal,
  },
  EXCHANGE_PORT_UNUSABLE: {
    meaning: "The port of the data exchange cannot be listened on.",
    cure: "Stop who has it, or set httpServer.dataExchange.sitePort, and dataExchange.httpPort of the other services.",
    exitCode: ExitCode.unavailable,
  },
  TLS_UNUSABLE: {
    meaning: "A certificate, a key or a list of authorities for TLS cannot be used.",
    cure: "Correct the file that the message names.",
    exitCode: ExitCode.config,
  },
  TOKEN_MALFORMED: {
    meaning: "What should be a token is not one.",
    cure: "Make one with peek token create, and copy all of it.",
    exitCode: ExitCode.config,
  },
  TOKEN_UNKNOWN: {
    meaning: "There is no token of that id.",
    cure: "See peek token list.",
    exitCode: ExitCode.config,
  },
  TOKENS_UNUSABLE: {
    meaning: "The file of tokens in logic's home cannot be read or written.",
    cure: "Correct what the message names; the file was left as it was.",
    exitCode: ExitCode.config,
  },
  NATS_UNUSABLE: {
    meaning: "The settings of NATS cannot be used, or its server does not do what Peek needs.",
    cure: "Correct what the message names.",
    exitCode: ExitCode.config,
  },
  OBSERVABLE_ALREADY_PROVIDED: {
    meaning: "A plugin provides, or exposes, an observable that it provides or exposes already.",
    cure: "Do it once.",
    exitCode: ExitCode.internal,
  },
  OBSERVABLE_UNKNOWN: {
    meaning: "Somebody wants to watch an observable that the service does not expose, or that logic does not provide.",
    cure: "See that the plugin runs on both services, exposes it here and provides it on logic.",
    exitCode: ExitCode.unavailable,
  },
  OBSERVABLE_NEEDS_STORAGE: {
    meaning: "An observable names tables, but its plugin does not require storage.",
    cure: 'Add "storage" to requiresServices of plugin_package.json, or leave out tables.',
    exitCode: ExitCode.config,
  },
  OBSERVABLE_TABLE_UNKNOWN: {
    meaning: "An observable names what is no table of the plugin's schema. Views cannot be watched.",
    cure: "Correct the name, or make the table in a migration. In place of a view, name the tables that it reads.",
    exitCode: ExitCode.internal,
  },
  OBSERVABLE_LOAD_FAILED: {
    meaning: "The provider of an observable failed, or gave what its tuple type does not allow.",
    cure: "See the log of the logic service. It is tried again by itself.",
    exitCode: ExitCode.internal,
  },
  SUBSCRIPTION_LIMIT: {
    meaning: "A browser has as many subscriptions as it may have.",
    cure: "End some of them before making others.",
    exitCode: ExitCode.unavailable,
  },
  SESSION_ENDED: {
    meaning: "The user has logged out, or may not use the service any more.",
    cure: "Log in again.",
    exitCode: ExitCode.unavailable,
  },
  SESSION_CHANGED: {
    meaning: "The name or the groups of a user who is logged in have changed.",
    cure: "Nothing has to be done: pages connect again by themselves, as who the user is now.",
    exitCode: ExitCode.unavailable,
  },
  CLIENT_FRAME_INVALID: {
    meaning: "A browser has sent what is no message of Peek's, or one that is too large.",
    cure: "Update the page; a program should use Peek's own client.",
    exitCode: ExitCode.internal,
  },
  CLIENT_OVERLOAD: {
    meaning: "A browser sends more than it may.",
    cure: "Send less at a time.",
    exitCode: ExitCode.unavailable,
  },
  CLIENT_CLOSED: {
    meaning: "A client was used after it had been closed.",
    cure: "Make a new one.",
    exitCode: ExitCode.internal,
  },
  CLIENT_STORAGE_UNAVAILABLE: {
    meaning:
      "The device cannot keep what should survive a reload of the page: its storage is full, cannot be used, or was changed by a newer version of the page.",
    cure: "Make room on the device, leave the private mode, or reload the page, as the message says.",
    exitCode: ExitCode.unavailable,
  },
  ACTION_ALREADY_HANDLED: {
    meaning: "A plugin handles, or exposes, an action that it handles or exposes already.",
    cure: "Do it once.",
    exitCode: ExitCode.internal,
  },
  ACTION_NEEDS_STORAGE: {
    meaning: "A plugin handles an action, but does not require storage.",
    cure: 'Add "storage" to requiresServices of plugin_package.json.',
    exitCode: ExitCode.config,
  },
  ACTION_UNKNOWN: {
    meaning: "Somebody pushed an action that the service does not expose, or that logic does not handle.",
    cure: "See that the plugin runs on both services, exposes it here and handles it on logic. The device keeps the action.",
    exitCode: ExitCode.unavailable,
  },
  ACTION_REJECTED: {
    meaning: "The handler of an action rejected it. It is kept as a dead letter.",
    cure: "See the message.",
    exitCode: ExitCode.internal,
  },
  ACTION_FAILED: {
    meaning: "The handler of an action failed each time that it was tried. It is kept as a dead letter.",
    cure: "See the log of the logic service.",
    exitCode: ExitCode.internal,
  },
  ACTION_PUT_OFF: {
    meaning: "The handler of an action cannot execute it now, and has asked for it to be tried again later.",
    cure: "Nothing has to be done: it is tried again by itself.",
    exitCode: ExitCode.unavailable,
  },
  ACTION_FORGOTTEN: {
    meaning: "The outcome of an action is not kept any more.",
    cure: "Nothing has to be done: it was executed or rejected once.",
    exitCode: ExitCode.internal,
  },
  HTTP_ROUTE_INVALID: {
    meaning: "A plugin asks for a route that cannot be, or that is there already.",
    cure: "Correct the path that the message names.",
    exitCode: ExitCode.internal,
  },
  HTTP_PORT_UNUSABLE: {
    meaning: "The port of a site cannot be listened on.",
    cure: "Stop who has it, or set httpServer.<site>.sitePort.",
    exitCode: ExitCode.unavailable,
  },
  USERS_UNUSABLE: {
    meaning: "The file of users in logic's home cannot be read or written.",
    cure: "Correct what the message names; the file was left as it was.",
    exitCode: ExitCode.config,
  },
  USER_UNKNOWN: {
    meaning: "There is no user of that name.",
    cure: "See peek user list.",
    exitCode: ExitCode.config,
  },
  USER_EXISTS: {
    meaning: "There is a user of that name already.",
    cure: "Take another name, or change the one that is there.",
    exitCode: ExitCode.config,
  },
  USER_INVALID: {
    meaning: "A user's name, password or group is not one that can be.",
    cure: "See the message.",
    exitCode: ExitCode.config,
  },
  LOGIN_REFUSED: {
    meaning: "The name or the password is wrong, or the user is disabled.",
    cure: "Try again, or ask whoever administers Peek.",
    exitCode: ExitCode.unavailable,
  },
  TASK_INPUT_INVALID: {
    meaning: "What was to be queued, or is in the queue, does not fit the input of its task.",
    cure: "Correct what the message names; after an upgrade, upgrade the workers too, or raise the task's version.",
    exitCode: ExitCode.internal,
  },
  TASK_OUTPUT_INVALID: {
    meaning: "What the handler of a task returned does not fit its output.",
    cure: "Correct the handler, or the schema.",
    exitCode: ExitCode.internal,
  },
  TASK_OPTIONS_INVALID: {
    meaning: "A task cannot be queued, waited for or scheduled with these options.",
    cure: "Correct what the message names.",
    exitCode: ExitCode.internal,
  },
  TASK_REJECTED: {
    meaning: "The handler of a task has refused it for good.",
    cure: "See the message; it is kept as a dead letter.",
    exitCode: ExitCode.internal,
  },
  TASK_FAILED: {
    meaning: "The handler of a task threw an error.",
    cure: "See the log of the worker. When it has failed as often as it is tried, it is kept as a dead letter.",
    exitCode: ExitCode.internal,
  },
  TASK_TIMED_OUT: {
    meaning: "A task took longer than its deadlineMs.",
    cure: "Let it do less at a time, or give it longer.",
    exitCode: ExitCode.internal,
  },
  TASK_OUT_OF_MEMORY: {
    meaning: "A heavy task took more memory than its memoryMb.",
    cure: "Let it hold less at a time, or give it more.",
    exitCode: ExitCode.internal,
  },
  TASK_ENDED_THREAD: {
    meaning: "The thread of a heavy task came to an end before the task did, such as by process.exit().",
    cure: "Let the handler return or throw instead.",
    exitCode: ExitCode.internal,
  },
  TASK_LOST: {
    meaning: "The workers that ran a task were killed again and again.",
    cure: "See whether the task brings its worker down; then retry it with peek tasks retry.",
    exitCode: ExitCode.internal,
  },
  TASK_CANCELLED: {
    meaning: "A task was taken back before it was done.",
    cure: "Nothing has to be done.",
    exitCode: ExitCode.internal,
  },
  TASK_DEADLINE_EXCEEDED: {
    meaning: "A task was not done while it was waited for.",
    cure: "See peek tasks list: whether workers run that know the task, and how many tasks wait.",
    exitCode: ExitCode.unavailable,
  },
  TASK_NOT_FOUND: {
    meaning: "There is no such task, or it is not kept any more.",
    cure: "See peek tasks list; outputs are kept for tasks.keepResultsHours.",
    exitCode: ExitCode.config,
  },
  TASK_ALREADY_HANDLED: {
    meaning: "A plugin handles a type of tasks twice.",
    cure: "Handle each type once.",
    exitCode: ExitCode.internal,
  },
  TASK_HANDLER_INVALID: {
    meaning: "What is to do the tasks of a type cannot be used.",
    cure: "Correct what the message names: the handler of heavy tasks is the default export of its module.",
    exitCode: ExitCode.internal,
  },
  INTERNAL: {
    meaning: "Something happened that Peek's code did not expect.",
    cure: "Please report it with the log.",
    exitCode: ExitCode.internal,
  },
} as const satisfies Record<string, CatalogueEntry>;

/** A key of {@link errorCatalogue}. */
export type PeekErrorCode = keyof typeof errorCatalogue;
