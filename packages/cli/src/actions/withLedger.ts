import { PeekError } from "@peek/errors";
import type { ActionLedger } from "@peek/plugin-base/internal";
import { interruptible } from "../storage/interruptible.ts";
import { LocalStorage } from "../storage/LocalStorage.ts";

/**
 * Opens the ledger of actions in logic's database on this machine. The packages of plugins are not needed: a plugin that is
 * broken or no longer installed may have dead letters too.
 *
 * @param work Receives the names of all plugins that are enabled, or that have data in the database.
 * @throws PeekError `STORAGE_UNAVAILABLE`, among others, when the database cannot be reached.
 */
export async function withLedger(
  title: string,
  work: (ledger: ActionLedger, plugins: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  await interruptible(async (signal) => {
    const local = new LocalStorage();
    if (!local.exists) throw new PeekError("STORAGE_UNAVAILABLE", local.absence);
    await using held = new AsyncDisposableStack();
    const storage = await local.openBeside({ title, migrations: "await", plugins: [], signal }, held);
    const known = (await storage.schemaStatuses()).map(({ plugin }) => plugin);
    await work(storage.ledger, new Set([...local.config.plugin.enabled, ...known]));
  });
}
