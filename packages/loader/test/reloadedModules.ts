// A process of its own, run with --expose-gc, since vitest imports modules in its own way: reloads a plugin in the folder that it is
// given several times, and prints the evaluated modules and the instances that are still in memory.
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { PluginCommonEntryHookABC } from "@peek/plugin-base";
import { TestLoader } from "./TestLoader.ts";

const [base = ""] = process.argv.slice(2);
const name = "peek_plugin_a";
const dir = join(base, "peek-plugin-a");
/** The modules in the order of their evaluation. */
const evaluated: string[] = [];
const instances: WeakRef<PluginCommonEntryHookABC>[] = [];
Reflect.set(globalThis, "peekTest", { evaluated, instances });

const code = `
import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { value } from "./lib/value.js";
import { owner } from "valve";
import common from "./lib/common.cjs";
import data from "./lib/data.json" with { type: "json" };

globalThis.peekTest.evaluated.push("index");

export function peekLogicEntryHook() {
  return class extends PluginLogicEntryHookABC {
    async load() {
      globalThis.peekTest.instances.push(new WeakRef(this));
      const { lazy } = await import("./lib/lazy.js");
      const { loaded } = await common.load();
      globalThis.peekTest.seen = { value, owner, common: common.value, data: data.value, lazy, loaded };
    }
    start() {
      this.disposables.defer(() => void this.name);
      this.platform.signal.addEventListener("abort", () => void this.name);
    }
    stop() {}
    unload() {}
  };
}
`;

function install(value: number): void {
  const files = {
    "node_modules/valve/package.json": JSON.stringify({ name: "valve", type: "module", exports: "./index.js" }),
    "node_modules/valve/index.js": `globalThis.peekTest.evaluated.push("valve"); export const owner = ${value};`,
    "lib/value.js": `globalThis.peekTest.evaluated.push("value"); export const value = ${value};`,
    "lib/lazy.js": `export const lazy = ${value};`,
    "lib/common.cjs": `exports.value = require("./inner.cjs"); exports.load = () => import("./loaded.mjs");`,
    "lib/inner.cjs": `module.exports = ${value};`,
    "lib/loaded.mjs": `export const loaded = ${value};`,
    "lib/data.json": JSON.stringify({ value }),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(dir, file, ".."), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
}

const steps: object[] = [];
async function reload(what: string): Promise<void> {
  evaluated.length = 0;
  const { outcome, error } = await test.change("reload", name);
  const seen: unknown = Reflect.get(Reflect.get(globalThis, "peekTest") as object, "seen");
  steps.push({ what, outcome, ...(error && { error: error.code }), evaluated: [...evaluated], seen });
}

install(1);
const test = await new TestLoader(base, { [name]: { code } }).started();
install(2);
await reload("changed");
await reload("unchanged");
utimesSync(join(dir, "lib/value.js"), 1, 1);
await reload("touched");
writeFileSync(join(dir, "lib/value.js"), "export const value = ;");
await reload("broken");
install(3);
await reload("repaired");
install(2);
await reload("back");

let present: boolean[] = [];
for (let round = 0; round < 20; round += 1) {
  await setImmediate();
  globalThis.gc?.();
  present = instances.map((instance) => instance.deref() !== undefined);
}
process.stdout.write(JSON.stringify({ steps, present, generation: test.status(name).generation }));
await test.loader.stop();
