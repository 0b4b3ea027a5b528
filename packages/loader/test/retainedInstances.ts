// A process of its own, run with --expose-gc: takes plugins in the folder that it is given through ends of many kinds,
// and prints which of their instances are still in memory.
import { setImmediate } from "node:timers/promises";
import type { PluginCommonEntryHookABC } from "@peek/plugin-base";
import type { TestPlugin } from "./pluginFolders.ts";
import { TestLoader } from "./TestLoader.ts";

const [base = ""] = process.argv.slice(2);
const instances = new Map<string, WeakRef<PluginCommonEntryHookABC>>();

const forever = (): Promise<void> => new Promise(() => undefined);
const bad = (): never => {
  throw new Error("no");
};

/** A plugin that leaves itself in all that it is handed. */
function clinging(change: TestPlugin = {}): TestPlugin {
  return {
    ...change,
    construct: (hook) => {
      instances.set(hook.name, new WeakRef(hook));
      hook.platform.signal.addEventListener("abort", () => void hook.name);
      hook.disposables.defer(() => void hook.name);
      return change.construct?.(hook);
    },
    start: (hook) => {
      hook.disposables.defer(async () => void hook.name);
      return change.start?.(hook);
    },
    api: (hook) => ({ owner: hook }),
  };
}

async function run(plugins: Readonly<Record<string, TestPlugin>>): Promise<TestLoader> {
  const waits = {
    warnMs: 5,
    migrateMs: 5000,
    loadMs: 20,
    startMs: 20,
    stopMs: 20,
    unloadMs: 20,
    suspendMs: 20,
    shutdownMs: 10_000,
  };
  return new TestLoader(base, plugins, { deadlines: { ...waits, loadMs: 500 } }).started();
}

const needing = (name: string): TestPlugin => ({ dependencies: { [name]: "1" } });
const asking = (hook: PluginCommonEntryHookABC): void => {
  const platform: object = hook.platform;
  Reflect.apply(Reflect.get(platform, "getOtherPluginApi") as () => unknown, platform, ["peek_plugin_unloaded"]);
};

const stopped = await run({
  peek_plugin_unloaded: clinging(),
  peek_plugin_using: clinging({ ...needing("peek_plugin_unloaded"), load: asking }),
  peek_plugin_load_failed: clinging({ load: bad }),
  // The stack of an error may keep the functions that it names, and what they see, until somebody reads it.
  peek_plugin_closure_failed: clinging({
    load: (hook) =>
      [1].forEach(() => {
        throw new Error(`no ${hook.name.length}`);
      }),
  }),
  // An error may have the whole plugin on it.
  peek_plugin_start_failed: clinging({
    start: (hook) => {
      throw Object.assign(new Error("no"), { hook });
    },
  }),
  peek_plugin_stop_failed: clinging({ stop: bad }),
  peek_plugin_unload_failed: clinging({ unload: bad }),
  peek_plugin_load_hung: clinging({ load: forever }),
  peek_plugin_start_hung: clinging({ start: forever }),
  peek_plugin_stop_hung: clinging({ stop: forever }),
  peek_plugin_blocked: clinging(needing("peek_plugin_start_failed")),
  peek_plugin_late: clinging(),
  peek_plugin_late_blocked: clinging(needing("peek_plugin_late")),
});
stopped.loader.reportError("peek_plugin_late", new Error("late"));
await stopped.loader.stop();
const running = await run({ peek_plugin_running: clinging() });

for (let round = 0; round < 20; round += 1) {
  await setImmediate();
  globalThis.gc?.();
}
const present = [...instances].map(([name, reference]) => [name, reference.deref() !== undefined]);
process.stdout.write(
  JSON.stringify({ present: Object.fromEntries(present), states: { ...stopped.states, ...running.states } }),
);
