/** Constructs the class of a Peek plugin's module. */
export function construct({ peekLogicEntryHook }) {
  const EntryHook = peekLogicEntryHook();
  return new EntryHook("peek_plugin_bench", ".", {});
}

/** Loads all, then starts all. */
export async function runAll(plugins) {
  for (const plugin of plugins) await plugin.load();
  for (const plugin of plugins) await plugin.start();
}
