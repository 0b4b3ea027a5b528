import { ExitCode } from "../exitCodes.ts";
import type { CatalogueEntry } from "./CatalogueEntry.ts";

/** Errors of the database and of migrations. */
export const storageErrors = {
  STORAGE_UNAVAILABLE: {
    meaning: "The database cannot be reached, or the connection to it was lost.",
    resolution:
      "Try the work again. If the error persists, check that the server in the message is running and reachable.",
    exitCode: ExitCode.unavailable,
  },
  STORAGE_REFUSED: {
    meaning:
      "The database server was reached and refused the connection: because of the password, account, database name, TLS or rights.",
    resolution: "Correct what the message names, in storage.connectUrl or on the server.",
    exitCode: ExitCode.config,
  },
  STORAGE_TOO_NEW: {
    meaning: "A newer version of Peek created Peek's own tables in the database.",
    resolution: "Run that version of Peek, or a newer one.",
    exitCode: ExitCode.config,
  },
  STORAGE_CONNECTIONS: {
    meaning: "The server allows fewer connections than the plugins need.",
    resolution: "Raise max_connections on the server, or enable fewer plugins.",
    exitCode: ExitCode.config,
  },
  STORAGE_EMBEDDED_FAILED: {
    meaning: "The embedded PostgreSQL could not be created, started or stopped.",
    resolution:
      "See the reason in the message: the free space or the rights of the folder, or the output of PostgreSQL.",
    exitCode: ExitCode.unavailable,
  },
  STORAGE_EMBEDDED_UNSUPPORTED: {
    meaning: "The embedded PostgreSQL does not run on this machine or under this account.",
    resolution:
      "Name a server in storage.connectUrl, or run the service under an ordinary account on a supported system.",
    exitCode: ExitCode.config,
  },
  STORAGE_DATA_VERSION: {
    meaning: "Another major version of PostgreSQL wrote the files of the embedded database.",
    resolution:
      "Run the version of Peek that wrote them, copy the data out with peek storage copy, and copy it back with this version.",
    exitCode: ExitCode.config,
  },
  STORAGE_SCHEMA_TAKEN: {
    meaning: "A schema with the name of a plugin's schema exists, but Peek did not create it.",
    resolution: "Rename or drop that schema, or use another database.",
    exitCode: ExitCode.config,
  },
  STORAGE_SCHEMA_GONE: {
    meaning: "The schema of a plugin is missing in the database, although its migrations were applied.",
    resolution:
      "Restore it from a backup; or, to begin anew, delete the plugin's rows from peek_platform.migration and peek_platform.plugin.",
    exitCode: ExitCode.config,
  },
  STORAGE_ROLE_TAKEN: {
    meaning:
      "A role with the name of a plugin's role exists on the server, and has rights that no plugin gets, or the account of storage.connectUrl may not alter it.",
    resolution: "Drop or rename that role, or have a superuser change it as the message says.",
    exitCode: ExitCode.config,
  },
  STORAGE_BUSY: {
    meaning: "All database connections of a plugin were in use for too long.",
    resolution: "Return connections sooner, or raise storage.poolSize.",
    exitCode: ExitCode.internal,
  },
  STORAGE_TIMEOUT: {
    meaning: "A database statement or transaction exceeded its time limit.",
    resolution: "Make it faster, or raise storage.statementTimeoutSeconds or storage.idleInTransactionTimeoutSeconds.",
    exitCode: ExitCode.internal,
  },
  STORAGE_CONFLICT: {
    meaning: "Concurrent transactions were in conflict, also when they were repeated.",
    resolution: "Try again later, make the transaction shorter, or take locks in a fixed order.",
    exitCode: ExitCode.internal,
  },
  STORAGE_DENIED: {
    meaning: "The SQL of a plugin used an object outside the plugin's schema.",
    resolution: "Use the tables of the plugin's own schema; use the API of the other plugin for its data.",
    exitCode: ExitCode.internal,
  },
  STORAGE_CONSTRAINT: {
    meaning: "The database refused a value that violates a constraint; fields has the name of the constraint.",
    resolution: "Correct the value, or handle the error.",
    exitCode: ExitCode.internal,
  },
  STORAGE_QUERY_FAILED: {
    meaning: "The database refused a statement; fields has the error code of PostgreSQL.",
    resolution: "Correct the statement that the message shows.",
    exitCode: ExitCode.internal,
  },
  STORAGE_COMMIT_UNKNOWN: {
    meaning: "The connection was lost during the commit of a transaction, so that its outcome is unknown.",
    resolution: "Check whether its changes are in the database before you repeat them.",
    exitCode: ExitCode.unavailable,
  },
  STORAGE_CLOSED: {
    meaning: "The storage was used after it had been closed, or a migration used it after its end.",
    resolution: "Await every query before the end of the migration or of the service.",
    exitCode: ExitCode.internal,
  },
  STORAGE_CONNECTIONS_LEAKED: {
    meaning: "Database connections were still in use when their owner ended.",
    resolution: "Await every query and transaction, and read or close every stream, before the end.",
    exitCode: ExitCode.internal,
  },
  STORAGE_COPY_REFUSED: {
    meaning: "The data was not copied to the other database, which is unchanged.",
    resolution: "See the reason in the message.",
    exitCode: ExitCode.config,
  },
  MIGRATIONS_UNREADABLE: {
    meaning: "The folder of a plugin's migrations, or a file in it, is not valid.",
    resolution: "Correct what the message names.",
    exitCode: ExitCode.config,
  },
  MIGRATION_FAILED: {
    meaning: "A migration threw. The schema is as it was before that migration.",
    resolution: "Correct the migration; the message has the statement and the position.",
    exitCode: ExitCode.internal,
  },
  MIGRATION_EDITED: {
    meaning: "A migration was changed after it had been applied to this database.",
    resolution: "Restore the original file, and make the change in a new migration.",
    exitCode: ExitCode.config,
  },
  MIGRATION_MISSING: {
    meaning: "The package of the plugin lacks a migration that was applied to this database.",
    resolution: "Restore the file.",
    exitCode: ExitCode.config,
  },
  MIGRATION_OUT_OF_ORDER: {
    meaning: "A migration is not applied, although later ones are.",
    resolution: "Give it a number after the last applied migration.",
    exitCode: ExitCode.config,
  },
  MIGRATION_NEWER: {
    meaning: "The database has migrations of a newer version of the plugin, which do not allow older versions.",
    resolution:
      "Install that version of the plugin or a newer one. Migrations with down() allow older versions, and can be reverted with peek storage rollback.",
    exitCode: ExitCode.config,
  },
  MIGRATION_NOT_REVERSIBLE: {
    meaning: "A migration cannot be rolled back: it has no down().",
    resolution: "Restore a backup, or undo it in a new migration.",
    exitCode: ExitCode.config,
  },
} as const satisfies Record<string, CatalogueEntry>;
