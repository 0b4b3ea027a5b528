import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "@peek/plugin-base";
import type { Catalogue } from "../catalogue/readCatalogue.ts";
import type { StoragePlugin } from "../StoragePlugin.ts";
import { planMigrations } from "./planMigrations.ts";
import { readMigrations } from "./readMigrations.ts";

/** The interval of polling the catalogue. */
const pollMs = 500;
/** The interval of logging that the plugin still waits. */
const logIntervalMs = 30_000;

/**
 * Waits until another service has applied all migrations of a plugin's package.
 *
 * @param readCatalogue Reads the catalogue; gives undefined while the database is unavailable, or has none.
 * @param isBroughtBack Whether later migrations are accepted, since logic makes them allow this version.
 * @throws PeekError `MIGRATION_…` when the database has migrations that the package lacks or has edited; the signal's
 *   reason.
 */
export async function awaitMigrations(
  plugin: StoragePlugin,
  readCatalogue: () => Promise<Catalogue | undefined>,
  logger: Logger,
  signal: AbortSignal,
  isBroughtBack = false,
): Promise<void> {
  const files = await readMigrations(plugin.migrationsDir);
  let loggedAt = -Infinity;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => undefined);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  for (;;) {
    // While the database does not answer, reading takes as long as the timeout of a connection.
    const catalogue = await Promise.race([readCatalogue(), aborted]);
    signal.throwIfAborted();
    const applied = catalogue?.applied.get(plugin.name) ?? [];
    const accepted = isBroughtBack ? applied.map((each) => ({ ...each, allowsOlder: true })) : applied;
    const pending = planMigrations(plugin.name, files, accepted);
    if (pending.length === 0 && catalogue?.pluginSchemas.get(plugin.name)?.complete === true) return;
    if (performance.now() - loggedAt > logIntervalMs) {
      loggedAt = performance.now();
      logger.info(
        "%s: waiting until the logic service has migrated it to %s; it is at %s",
        plugin.name,
        files.at(-1)?.name ?? "a schema of its own",
        applied.at(-1)?.name ?? "nothing",
      );
    }
    await delay(pollMs, undefined, { signal });
  }
}
