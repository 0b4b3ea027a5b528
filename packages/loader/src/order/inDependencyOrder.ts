import type { PluginRecord } from "../PluginRecord.ts";

/**
 * Does something with each plugin, once that has settled for the plugins it waits for; otherwise in parallel.
 *
 * @param order Dependencies first.
 */
export async function inDependencyOrder(
  order: readonly PluginRecord[],
  step: (record: PluginRecord) => Promise<void>,
): Promise<void> {
  const settled = new Map<string, Promise<void>>();
  const take = async (record: PluginRecord): Promise<void> => {
    const before = record.waitsFor.flatMap((name) => settled.get(name) ?? []);
    if (before.length > 0) await Promise.all(before);
    await step(record);
  };
  for (const record of order) settled.set(record.name, take(record));
  await Promise.all(settled.values());
}
