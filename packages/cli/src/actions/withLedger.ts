import { PeekError } from "@peek/errors";
import type { ActionLedger } from "@peek/plugin-base/internal";
import { interruptible } from "../storage/interruptible.ts";
import { LocalStorage } from "../storage/LocalStorage.ts";

/**
 * Works with what is recorded of actions in logic's database on this machine. Plugins' packages are not needed: a plugin
 * that cannot be used, or is installed no more, may have left something too.
 *
 * @param work Is given the names of all plugins that the database knows, or that are enabled.
 * @throws PeekError `STORAGE_UNAVAILABLE`, among others, when there is no database to reach.
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
