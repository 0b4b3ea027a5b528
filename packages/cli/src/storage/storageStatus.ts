import { PeekError } from "@peek/errors";
import type { SchemaStatus, Storage } from "@peek/storage";
import { printJson, printTable } from "../output.ts";
import { interruptible } from "./interruptible.ts";
import { LocalStorage } from "./LocalStorage.ts";
import { inUnits } from "./inUnits.ts";

/** The state of the database, as printed in JSON. */
interface StorageReport {
  readonly kind: "embedded" | "server";
  /** Whether the database exists. */
  readonly exists: boolean;
  readonly reachable: boolean;
  /** Whether the embedded one does not run, since logic does not. The command does not start it: a start writes to its files. */
  readonly stopped?: true;
  /** Why it is not reachable. */
  readonly error?: string;
  /** The folder of the embedded one. */
  readonly dir?: string;
  readonly database?: string;
  readonly serverVersion?: string;
  readonly plugins: readonly PluginReport[];
}

interface PluginReport {
  readonly plugin: string;
  readonly schema: string | null;
  readonly role: string | null;
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  readonly bytes: number;
  /** For people. */
  readonly state: string;
}

/** The options of `peek storage status`. */
interface StatusOptions {
  readonly json: boolean;
  /** Whether to start the embedded database when it does not run. */
  readonly start: boolean;
}

/** `peek storage status` */
export async function storageStatus({ json, start }: StatusOptions): Promise<void> {
  await interruptible(async (signal) => {
    const local = new LocalStorage();
    try {
      const report = await inspect(local, start, signal);
      if (json) printJson(report);
      else print(local, report);
    } catch (error) {
      if (!json || !PeekError.is(error)) throw error;
      printJson({ ...placeOf(local), exists: true, reachable: false, error: error.message, plugins: [] });
      process.exitCode = error.exitCode;
    }
  });
}

async function inspect(local: LocalStorage, start: boolean, signal: AbortSignal): Promise<StorageReport> {
  const { plugins, unusable } = local.enabledPlugins();
  const unusables = [...unusable].map(([name, error]) => withoutPackage(name, error));
  if (!local.exists) return { ...placeOf(local), exists: false, reachable: false, plugins: unusables };
  if (!start && local.isStopped) {
    return { ...placeOf(local), exists: true, reachable: false, stopped: true, plugins: unusables };
  }
  await using held = new AsyncDisposableStack();
  const options = { title: "peek storage status", migrations: "await", plugins, signal } as const;
  const storage = await local.openBeside(options, held);
  const statuses = await storage.schemaStatuses();
  const known = new Set(statuses.map(({ plugin }) => plugin));
  return {
    ...placeOf(local),
    exists: true,
    reachable: true,
    ...factsOf(storage),
    plugins: [
      ...statuses.map((status) => reportOf(status, unusable.get(status.plugin))),
      ...unusables.filter(({ plugin }) => !known.has(plugin)),
    ],
  };
}

function placeOf({ config, service }: LocalStorage): Pick<StorageReport, "kind" | "dir"> {
  return config.storage.connectUrl === undefined
    ? { kind: "embedded", dir: service.home.postgresDir }
    : { kind: "server" };
}

function factsOf(storage: Storage): Pick<StorageReport, "database" | "serverVersion"> {
  return { database: storage.title, serverVersion: storage.status().serverVersion };
}

function reportOf(status: SchemaStatus, unusable: PeekError | undefined): PluginReport {
  const { plugin, schema, role = null, applied, pending, bytes } = status;
  return { plugin, schema, role, applied, pending, bytes, state: stateOf(status, unusable) };
}

function withoutPackage(plugin: string, { message }: PeekError): PluginReport {
  return { plugin, schema: null, role: null, applied: [], pending: [], bytes: 0, state: `mistake: ${message}` };
}

function stateOf({ enabled, exists, error, applied, pending }: SchemaStatus, unusable: PeekError | undefined): string {
  if (unusable !== undefined) return `mistake: ${unusable.message}`;
  if (!enabled) return "no longer enabled";
  if (error !== undefined) return `${words[error.code] ?? "mistake"}: ${error.message}`;
  if (!exists)
    return applied.length === 0 ? "not created yet" : "incomplete: peek storage migrate creates the missing parts";
  return pending.length === 0 ? "up to date" : `${pending.length} to apply`;
}

const words: Readonly<Partial<Record<PeekError["code"], string>>> = {
  MIGRATION_EDITED: "edited",
  MIGRATION_MISSING: "missing",
  MIGRATION_NEWER: "newer",
  MIGRATION_OUT_OF_ORDER: "out of order",
};

function print(local: LocalStorage, report: StorageReport): void {
  const { kind, exists, stopped, dir, database, serverVersion, plugins } = report;
  if (!exists) console.log(local.absence);
  else if (stopped === true) {
    console.log(
      `The embedded PostgreSQL in ${dir ?? ""} is stopped, since logic does not run. Add --start to start it for this command.`,
    );
  } else {
    const where = kind === "embedded" ? `embedded, in ${dir ?? ""}` : "of storage.connectUrl";
    console.log(`PostgreSQL ${serverVersion ?? ""} (${where}): ${database ?? ""}`);
  }
  if (plugins.length === 0) {
    if (exists && stopped !== true) console.log("No plugin has or requires a schema in it.");
    return;
  }
  printTable([
    ["PLUGIN", "SCHEMA", "ROLE", "APPLIED", "PENDING", "SIZE", "STATE"],
    ...plugins.map(({ plugin, schema, role, applied, pending, bytes, state }) => [
      plugin,
      schema ?? "-",
      role ?? "-",
      String(applied.length),
      String(pending.length),
      inUnits(bytes),
      state,
    ]),
  ]);
}
