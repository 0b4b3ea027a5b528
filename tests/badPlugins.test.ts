import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PluginPackageOptions } from "./src/pluginPackage.ts";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { workspaceDir } from "./src/workspace.ts";

interface BadPlugin extends PluginPackageOptions {
  readonly what: string;
  readonly says: RegExp;
}

const hook = (body: string): string =>
  `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { PluginFieldEntryHookABC } from "@peek/plugin-base/field";
${body}`;

const bad: readonly BadPlugin[] = [
  {
    what: "without a manifest",
    name: "peek_plugin_no_manifest",
    manifest: null,
    says: /has no plugin_package\.json\. Add one/,
  },
  {
    what: "whose manifest is malformed",
    name: "peek_plugin_malformed",
    manifest: "{\n oops }",
    says: /is not JSON: line 2, column 2/,
  },
  { what: "whose manifest is empty", name: "peek_plugin_empty", manifest: "", says: /is empty/ },
  {
    what: "whose manifest names an unknown service",
    name: "peek_plugin_unknown_service",
    manifest: { requiresServices: ["logic", "servre"] },
    says: /requiresServices\[1\]: is "servre"; expected one of "logic", "field"/,
  },
  {
    what: "whose manifest names another plugin",
    name: "peek_plugin_other_name",
    manifest: { plugin: { title: "x", packageName: "peek_plugin_x", version: "1.0.0" } },
    says: /belongs to peek_plugin_x, but the plugin is enabled as peek_plugin_other_name/,
  },
  {
    what: "whose version is invalid",
    name: "peek_plugin_bad_version",
    manifest: { plugin: { title: "x", packageName: "peek_plugin_bad_version", version: "1.0" } },
    says: /plugin\.version: is "1\.0"; expected a version such as "1\.4\.0"/,
  },
  {
    what: "whose two versions differ",
    name: "peek_plugin_two_versions",
    version: "1.1.0",
    manifest: { plugin: { title: "x", packageName: "peek_plugin_two_versions", version: "1.0.0" } },
    says: /package\.json says version 1\.1\.0, and .*plugin_package\.json says plugin\.version 1\.0\.0/,
  },
  {
    what: "whose hook imports a file with a syntax error",
    name: "peek_plugin_hook_syntax",
    index: 'export const peekLogicEntryHook = () => import("./hook.cjs");',
    files: { "hook.cjs": "const a = 1;\nlet b = ;" },
    says: /in its import: an import in peekLogicEntryHook\(\) failed at \/.*\/hook\.cjs:2: Unexpected token ';'/,
  },
  {
    what: "without a hook function",
    name: "peek_plugin_no_hook",
    index: "export const x = 1;",
    says: /^WARNING .*exports no function peekLogicEntryHook/,
  },
  {
    what: "whose hook function returns nothing",
    name: "peek_plugin_nothing",
    index: "export function peekLogicEntryHook() {}",
    says: /returned undefined\. It has to return a class/,
  },
  {
    what: "whose hook function returns an object",
    name: "peek_plugin_object",
    index: "export function peekLogicEntryHook() { return {}; }",
    says: /returned \{\}\. It has to return a class that extends PluginLogicEntryHookABC/,
  },
  {
    what: "whose hook function returns the wrong service's class",
    name: "peek_plugin_wrong_service",
    index: hook(
      "class FieldEntryHook extends PluginFieldEntryHookABC { load() {} start() {} stop() {} unload() {} }\nexport const peekLogicEntryHook = () => FieldEntryHook;",
    ),
    says: /the class FieldEntryHook, which is for the field service\. Extend PluginLogicEntryHookABC/,
  },
  {
    what: "whose class extends nothing",
    name: "peek_plugin_plain_class",
    index: "export const peekLogicEntryHook = () => class A {};",
    says: /does not extend PluginLogicEntryHookABC/,
  },
  {
    what: "whose class lacks hooks",
    name: "peek_plugin_half",
    index: hook(
      "export const peekLogicEntryHook = () => class Half extends PluginLogicEntryHookABC { load() {} start() {} };",
    ),
    says: /does not define stop\(\), unload\(\)/,
  },
  {
    what: "whose class is of an incompatible plugin-base",
    name: "peek_plugin_incompatible",
    index: `class Old { static [Symbol.for("peek.plugin-base.entry-hook")] = { service: "logic", apiVersion: "99.0" }; load() {} start() {} stop() {} unload() {} }
export const peekLogicEntryHook = () => Old;`,
    says: /built for plugin API 99\.0, and this platform has \d+\.\d+\. Upgrade the platform/,
  },
  {
    what: "whose hook function throws",
    name: "peek_plugin_hook_throws",
    index: "export function peekLogicEntryHook() { throw new Error('no class today'); }",
    says: /peekLogicEntryHook\(\) threw: no class today/,
  },
  {
    what: "whose hook function never settles",
    name: "peek_plugin_hook_hangs",
    index: "export const peekLogicEntryHook = () => new Promise(() => {});",
    says: /its import did not settle within 1 s/,
  },
  {
    what: "whose module throws",
    name: "peek_plugin_module_throws",
    index: "throw new Error('at module level');",
    says: /importing .* failed: at module level/,
  },
  {
    what: "whose module has a syntax error",
    name: "peek_plugin_syntax",
    index: "export function {",
    says: /importing .* failed/,
  },
  {
    what: "whose module never settles",
    name: "peek_plugin_module_hangs",
    index: "await new Promise(() => {});",
    says: /its import did not settle within 1 s/,
  },
  {
    what: "whose constructor throws",
    name: "peek_plugin_constructor",
    body: "constructor(...a) { super(...a); throw new Error('built wrong'); }",
    says: /the constructor of LogicEntryHook threw: built wrong/,
  },
  {
    what: "whose load() throws",
    name: "peek_plugin_load_throws",
    body: "load() { throw new Error('load went wrong'); }",
    says: /failed in load\(\): load went wrong/,
  },
  {
    what: "whose load() throws null",
    name: "peek_plugin_load_null",
    body: "load() { throw null; }",
    says: /failed in load\(\): null was thrown/,
  },
  {
    what: "whose load() throws an object that throws when it is inspected",
    name: "peek_plugin_load_proxy",
    body: "load() { throw new Proxy(new Error('x'), { get() { throw new Error('y'); }, getPrototypeOf() { throw new Error('z'); } }); }",
    says: /failed in load\(\): an object was thrown whose properties cannot be read/,
  },
  {
    what: "whose timer throws an object that throws when it is inspected",
    name: "peek_plugin_timer_proxy",
    body: "load() { return new Promise(() => setTimeout(() => { throw new Proxy({}, { get() { throw new Error('y'); }, getPrototypeOf() { throw new Error('z'); } }); }, 1)); }",
    says: /failed in load\(\): it threw outside its hooks/,
  },
  {
    what: "whose error has getters that throw",
    name: "peek_plugin_getter_error",
    body: "load() { throw Object.defineProperty(new Error('look away'), 'details', { enumerable: true, get() { throw new Error('gotcha'); } }); }",
    says: /failed in load\(\): look away/,
  },
  {
    what: "whose error has its own toJSON()",
    name: "peek_plugin_json_error",
    body: "load() { throw Object.assign(new Error('in short'), { toJSON: () => ({}) }); }",
    says: /failed in load\(\): in short/,
  },
  {
    what: "whose load() rejects",
    name: "peek_plugin_load_rejects",
    body: "async load() { throw new TypeError('rejected'); }",
    says: /failed in load\(\): rejected/,
  },
  {
    what: "whose load() never settles",
    name: "peek_plugin_load_hangs",
    body: "load() { return new Promise(() => {}); }",
    says: /failed in load\(\): load\(\) did not settle within 1 s and was abandoned/,
  },
  {
    what: "whose load() calls process.exit()",
    name: "peek_plugin_load_exits",
    body: "load() { process.exit(3); }",
    says: /failed in load\(\): it called process\.exit\(3\), which only the service may call/,
  },
  {
    what: "that imports exit from node:process",
    name: "peek_plugin_import_exits",
    index: 'import { exit } from "node:process";\nexit(4);',
    says: /it called process\.exit\(4\)/,
  },
  {
    what: "whose start() throws",
    name: "peek_plugin_start_throws",
    body: "start() { throw new Error('start went wrong'); }",
    says: /failed in start\(\): start went wrong/,
  },
  {
    what: "whose start() rejects",
    name: "peek_plugin_start_rejects",
    body: "async start() { throw new Error('start rejected'); }",
    says: /failed in start\(\): start rejected/,
  },
  {
    what: "whose start() never settles",
    name: "peek_plugin_start_hangs",
    body: "start() { return new Promise(() => {}); }",
    says: /failed in start\(\): start\(\) did not settle within 1 s/,
  },
  {
    what: "whose start() calls process.exit()",
    name: "peek_plugin_start_exits",
    body: "async start() { await null; process.exit(); }",
    says: /failed in start\(\): it called process\.exit\(\)/,
  },
  {
    what: "whose timer from load() throws",
    name: "peek_plugin_early_timer",
    body: "load() { return new Promise(() => setTimeout(() => { throw new Error('early timer'); }, 1)); }",
    says: /failed in load\(\): it threw outside its hooks: early timer/,
  },
  {
    what: "that depends on a plugin that is not enabled",
    name: "peek_plugin_needs_absent",
    manifest: { dependencies: { peek_plugin_absent: "^1.0.0" } },
    says: /depends on peek_plugin_absent, which is not enabled on logic/,
  },
  {
    what: "that depends on another version",
    name: "peek_plugin_needs_newer",
    manifest: { dependencies: { peek_plugin_good: "^2.0.0" } },
    says: /depends on peek_plugin_good \^2\.0\.0, but version 1\.0\.0 is installed/,
  },
  {
    what: "whose version range is invalid",
    name: "peek_plugin_bad_range",
    manifest: { dependencies: { peek_plugin_good: "two" } },
    says: /"two", which is not a version range/,
  },
  {
    what: "in a dependency cycle",
    name: "peek_plugin_circle_a",
    manifest: { dependencies: { peek_plugin_circle_b: "*" } },
    says: /peek_plugin_circle_a → peek_plugin_circle_b → peek_plugin_circle_a/,
  },
  {
    what: "in the same dependency cycle",
    name: "peek_plugin_circle_b",
    manifest: { dependencies: { peek_plugin_circle_a: "*" } },
    says: /peek_plugin_circle_b → peek_plugin_circle_a → peek_plugin_circle_b/,
  },
  {
    what: "that depends on a plugin that fails to load",
    name: "peek_plugin_behind_load",
    manifest: { dependencies: { peek_plugin_load_throws: "*" } },
    says: /is blocked: .* depends on peek_plugin_load_throws, which is failed/,
  },
  {
    what: "that depends on a plugin that fails to start",
    name: "peek_plugin_behind_start",
    manifest: { dependencies: { peek_plugin_start_throws: "*" } },
    says: /is blocked: .* depends on peek_plugin_start_throws/,
  },
  {
    what: "that depends on a blocked plugin",
    name: "peek_plugin_far_behind",
    manifest: { dependencies: { peek_plugin_behind_load: "*" } },
    says: /is blocked: .* depends on peek_plugin_behind_load, which is blocked/,
  },
  {
    what: "that depends on a plugin in the cycle",
    name: "peek_plugin_behind_circle",
    manifest: { dependencies: { peek_plugin_circle_a: "*" } },
    says: /is blocked: .* depends on peek_plugin_circle_a/,
  },
  {
    what: "that asks for the API of an undeclared dependency",
    name: "peek_plugin_undeclared",
    body: "load() { this.platform.getOtherPluginApi('peek_plugin_good'); }",
    says: /declares no such dependency on logic\. Add "dependencies": \{ "peek_plugin_good"/,
  },
];

const good: readonly PluginPackageOptions[] = [
  { name: "peek_plugin_good" },
  {
    name: "peek_plugin_properties",
    body: `load = () => {}; start = async () => { this.getLogger(import.meta).info("Started"); }; stop = () => {}; unload = () => {};`,
  },
  { name: "peek_plugin_zz_last" },
  {
    name: "peek_plugin_optional",
    manifest: { dependencies: { peek_plugin_absent: { version: "*", optional: true } } },
  },
  { name: "peek_plugin_after_good", manifest: { dependencies: { peek_plugin_good: "^1.0.0" } } },
];

describe("a service with good and bad plugins", () => {
  let home: TestHome;
  let running: RunningProcess;

  beforeAll(async () => {
    // The good plugins are first, in the middle and last.
    const plugins = [...good.slice(0, 1), ...bad, ...good.slice(1)];
    home = await TestHome.with(
      {
        plugin: {
          enabled: [
            "peek_plugin_twice",
            "peek_plugin_twice",
            "peek_plugin_has_no_package",
            "peek-plugin-good",
            "../../etc/passwd",
            "peek_plugin_own_copy",
            "peek_plugin_commonjs",
          ],
          deadlines: { warnSeconds: 0.2, loadSeconds: 1, startSeconds: 1 },
        },
      },
      plugins,
    );
    await writeCommonJsPlugin(join(home.dir, "plugin-software", "node_modules"));
    await writePluginWithItsOwnCopy(join(home.dir, "plugin-software", "node_modules"));
    running = await home.start();
  });

  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  it.each(bad)("a plugin $what fails or is skipped, and the log has its name and the reason", ({ name, says }) => {
    const lines = running.lines.filter((line) => new RegExp(`^(WARNING|ERROR) .*\\b${name}\\b`).test(line));
    expect(lines.join("\n")).toMatch(says);
    expect(running.stdout).not.toContain(`${name}.index:Started`);
  });

  it("a plugin that is enabled twice fails once", () => {
    const lines = running.lines.filter((line) => line.startsWith("ERROR") && line.includes("peek_plugin_twice"));
    expect(lines).toEqual([
      expect.stringContaining(
        "plugin.enabled names peek_plugin_twice more than once. Remove all of its entries but one.",
      ),
    ]);
  });

  it("a plugin without a package fails, and the message lists the searched places", () => {
    const line = running.lines.find((each) => each.includes("peek_plugin_has_no_package has no package"));
    expect(line).toContain(join(workspaceDir, "plugins"));
    expect(line).toContain("the service's own dependencies");
    expect(line).toContain(join(home.dir, "plugin-software", "node_modules"));
  });

  it("a misspelt plugin name fails, and the message has the right spelling", () => {
    expect(running.stdout).toMatch(
      /ERROR .*"peek-plugin-good" in plugin\.enabled is not a valid plugin name\. Write peek_plugin_good\./,
    );
    expect(running.stdout).toMatch(/ERROR .*"\.\.\/\.\.\/etc\/passwd" in plugin\.enabled is not a valid plugin name/);
  });

  it("a slow hook causes a warning before its deadline", () => {
    expect(running.stdout).toMatch(
      /WARNING .*peek_plugin_load_hangs: load\(\) has not settled after 0\.2 s, and is abandoned after 1 s/,
    );
  });

  it("the log has a stack trace for errors of plugin code, and none for mistakes of administrators", () => {
    const stackAfter = (pattern: RegExp): boolean => {
      const at = running.lines.findIndex((line) => pattern.test(line));
      return running.lines[at + 1]?.startsWith("    ") ?? false;
    };
    expect(stackAfter(/peek_plugin_load_throws failed/)).toBe(true);
    expect(stackAfter(/peek_plugin_malformed failed/)).toBe(false);
    expect(stackAfter(/peek_plugin_has_no_package failed/)).toBe(false);
  });

  it.each([...good.map(({ name }) => name), "peek_plugin_own_copy", "peek_plugin_commonjs"])(
    "the good plugin %s runs",
    (name) => {
      expect(running.lines).toContainEqual(expect.stringMatching(new RegExp(`^INFO ${name}(\\.index)?:Started$`)));
    },
  );

  it("the summary counts and names the failed plugins", () => {
    const line = running.lines.find((each) => each.includes(":Ready in"));
    expect(line).toMatch(
      /^WARNING peek_logic_service:Ready in \d+ ms, process \d+: 7 plugins started, 1 skipped \(peek_plugin_no_hook: ENTRY_HOOK_MISSING\), \d+ failed \(/,
    );
    expect(line).toMatch(/4 blocked \(.*peek_plugin_far_behind by peek_plugin_behind_load/);
  });
});

/** A plugin with its own copy of plugin-base, as `npm install` makes it where no other plugin uses the same version. */
async function writePluginWithItsOwnCopy(modules: string): Promise<void> {
  const dir = join(modules, "peek-plugin-own-copy");
  const source = join(workspaceDir, "packages");
  await mkdir(join(dir, "node_modules", "@peek"), { recursive: true });
  for (const name of ["plugin-base", "errors"]) {
    const copy = join(dir, "node_modules", "@peek", name);
    await cp(join(source, name, "dist"), join(copy, "dist"), { recursive: true });
    await writeFile(join(copy, "package.json"), await readFile(join(source, name, "package.json")));
  }
  await symlink(join(source, "plugin-base", "node_modules", "zod"), join(dir, "node_modules", "zod"));
  await writeFile(
    join(dir, "package.json"),
    JSON.stringify({ name: "peek-plugin-own-copy", type: "module", main: "index.js" }),
  );
  await writeFile(
    join(dir, "plugin_package.json"),
    JSON.stringify({
      plugin: { title: "Own copy", packageName: "peek_plugin_own_copy", version: "1.0.0" },
      requiresServices: ["logic"],
    }),
  );
  await writeFile(
    join(dir, "index.js"),
    hook(`export const peekLogicEntryHook = () => class extends PluginLogicEntryHookABC {
  load() {} start() { this.getLogger(import.meta).info("Started"); } stop() {} unload() {} };`),
  );
}

/** A CommonJS plugin that requires the plugin-base that the others import at the same time. */
async function writeCommonJsPlugin(modules: string): Promise<void> {
  const dir = join(modules, "peek-plugin-commonjs");
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "package.json"), JSON.stringify({ name: "peek-plugin-commonjs", main: "index" }));
  await writeFile(
    join(dir, "plugin_package.json"),
    JSON.stringify({
      plugin: { title: "CommonJS", packageName: "peek_plugin_commonjs", version: "1.0.0" },
      requiresServices: ["logic"],
    }),
  );
  await writeFile(
    join(dir, "index.js"),
    `const { PluginLogicEntryHookABC } = require("@peek/plugin-base/logic");
exports.peekLogicEntryHook = () => class extends PluginLogicEntryHookABC {
  load() {} start() { this.getLogger({ url: require("node:url").pathToFileURL(__filename).href }).info("Started"); } stop() {} unload() {} };`,
  );
}
