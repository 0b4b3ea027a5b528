import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "@peek/plugin-base";
import type { Catalogue } from "../catalogue/readCatalogue.ts";
import type { StoragePlugin } from "../StoragePlugin.ts";
import { planMigrations } from "./planMigrations.ts";
import { readMigrations } from "./readMigrations.ts";

/** How often the database is asked; and how often who waits says so again; milliseconds. */
const pauseMs = 500;
const remindMs = 30_000;

/**
 * Waits until somebody else has migrated a plugin's schema to where this package expects it.
 *
 * @param look What is recorded now; undefined while the database cannot be asked, or has nothing.
 * @throws PeekError `MIGRATION_…` when the schema can never come to where it is expected; `AbortError` by the signal.
 */
export async function awaitMigrations(
  plugin: StoragePlugin,
  look: () => Promise<Catalogue | undefined>,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const files = await readMigrations(plugin.migrationsDir);
  let remindedAt = -Infinity;
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  givenUp.catch(() => undefined);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  for (;;) {
    // Looking may take as long as a connection does, to a database that does not answer.
    const catalogue = await Promise.race([look(), givenUp]);
    signal.throwIfAborted();
    const applied = catalogue?.applied.get(plugin.name) ?? [];
    const pending = planMigrations(plugin.name, files, applied);
    if (pending.length === 0 && catalogue?.rooms.get(plugin.name)?.complete === true) return;
    if (performance.now() - remindedAt > remindMs) {
      remindedAt = performance.now();
      logger.info(
        "%s: waiting for the logic service to migrate it to %s; it is at %s",
        plugin.name,
        files.at(-1)?.name ?? "a schema of its own",
        applied.at(-1)?.name ?? "nothing",
      );
    }
    await wait(pauseMs, undefined, { signal });
  }
}
