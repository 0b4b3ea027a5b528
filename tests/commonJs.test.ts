import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TestHome } from "./src/TestHome.ts";

/** An ES module of many files, so that another import finds it partly loaded. */
async function writeLargeModule(dir: string): Promise<void> {
  const count = 150;
  await mkdir(dir, { recursive: true });
  const files = Array.from({ length: count }, (_, index) => {
    const next = index + 1 < count ? `import "./m${index + 1}.js";\n` : "";
    return writeFile(join(dir, `m${index}.js`), `${next}export const a = 1; //${"x".repeat(20_000)}\n`);
  });
  await Promise.all([
    ...files,
    writeFile(join(dir, "package.json"), JSON.stringify({ name: "shared-esm", type: "module", exports: "./index.js" })),
    writeFile(join(dir, "index.js"), 'import "./m0.js";\nexport default 1;\n'),
  ]);
}

const entry = (imports: string): string => `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
${imports}
export const peekLogicEntryHook = () => class extends PluginLogicEntryHookABC {
  load() {}
  start() { setTimeout(() => this.getLogger(import.meta).info("Still here"), 200); }
  stop() {}
  unload() {}
};`;

it("a plugin whose CommonJS file requires a module that others are importing runs without an error", async () => {
  const requiring = ["peek_plugin_c", "peek_plugin_d"];
  await using home = await TestHome.with({}, [
    ...["peek_plugin_a", "peek_plugin_b"].map((name) => ({ name, index: entry('import "shared-esm";') })),
    ...requiring.map((name) => ({ name, index: entry('import "./helper.cjs";') })),
  ]);
  const modules = join(home.dir, "plugin-software", "node_modules");
  await writeLargeModule(join(modules, "shared-esm"));
  for (const name of requiring) {
    const helper = join(modules, name.replaceAll("_", "-"), "helper.cjs");
    await writeFile(helper, 'exports.x = require("shared-esm").default;\n');
  }
  await using running = home.run();
  expect(await running.waitFor(/:Ready in /)).toContain("4 plugins started");
  // Node reports the failure of the first attempt again, some time after the second has succeeded.
  await Promise.all(
    ["a", "b", "c", "d"].map((name) => running.waitFor(new RegExp(`peek_plugin_${name}.*:Still here`))),
  );
  expect(await running.stop()).toEqual({ code: 0, signal: null });
  expect(running.lines.filter((line) => line.startsWith("ERROR"))).toEqual([]);
});
