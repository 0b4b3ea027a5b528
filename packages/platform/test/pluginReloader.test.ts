import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createServiceHome, serviceHome } from "@peek/config";
import type { PluginState } from "@peek/loader";
import { describe, expect, it, onTestFinished } from "vitest";
import { ImportedFiles } from "../src/development/ImportedFiles.ts";
import { PluginReloader } from "../src/development/PluginReloader.ts";
import { reactionTo, type SavedPlugin } from "../src/development/reactionTo.ts";
import { PeekService } from "../src/index.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const folder = "/srv/plugins/peek-plugin-a";
const file = `${folder}/src/index.ts`;

function reaction(
  plugin: Partial<SavedPlugin> & { readonly state: PluginState },
  path = file,
  isNewOrGone = false,
): string {
  const plain = { hasPart: true, isBehind: false, isShared: false, hasImported: () => false };
  const migrationsDir = `${folder}/src/migrations`;
  return reactionTo([{ folder, file: path, isNewOrGone }], { ...plain, migrationsDir, ...plugin });
}

describe("a save of a file of a plugin", () => {
  const hasImported = (path: string): boolean => path === file;

  it.each([
    ["that the service has imported reloads the plugin", "reload", reaction({ state: "started", hasImported })],
    ["that the service has not imported is ignored", "ignore", reaction({ state: "started" })],
    ["that is new reloads it", "reload", reaction({ state: "started" }, file, true)],
    ["that is its manifest reloads it", "reload", reaction({ state: "started" }, `${folder}/plugin_package.json`)],
    ["that is a migration reloads it", "reload", reaction({ state: "started" }, `${folder}/src/migrations/0001_a.ts`)],
    ["reloads a plugin that has failed", "reload", reaction({ state: "failed" })],
    ["reloads a plugin whose last save did not run", "reload", reaction({ state: "started", isBehind: true })],
    [
      "restarts the service if another plugin uses it",
      "restart",
      reaction({ state: "started", hasImported, isShared: true }),
    ],
    ["restarts a service that it no longer has a part for", "restart", reaction({ state: "started", hasPart: false })],
    ["is ignored where the plugin has no part", "ignore", reaction({ state: "skipped", hasPart: false }, file, true)],
    ["reloads a plugin that has got a part", "reload", reaction({ state: "skipped" }, `${folder}/plugin_package.json`)],
  ])("%s", (_what, expected, found) => {
    expect(found).toBe(expected);
  });
});

/** A running agent in a workspace, with a plugin whose second load(), of its first reload, waits. */
async function reloading(stuckMs?: number) {
  const workspace = temporaryFolder();
  const plugin = join(workspace, "plugins", "peek-plugin-a");
  const began = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let loads = 0;
  const onLoad = (): Promise<void> | undefined => {
    loads += 1;
    if (loads !== 2) return undefined;
    began.resolve();
    return gate.promise;
  };
  Reflect.set(globalThis, "peekTestOnLoad", onLoad);
  onTestFinished(() => void Reflect.deleteProperty(globalThis, "peekTestOnLoad"));
  writePlugin(workspace, plugin);
  const home = serviceHome("agent", { PEEK_HOME: temporaryFolder() });
  createServiceHome(home);
  const logging = { logToStdout: false, logToFile: false };
  writeFileSync(home.configFile, JSON.stringify({ plugin: { enabled: ["peek_plugin_a"] }, logging }));
  const definition = { name: "agent", dir: join(workspace, "services", "agent") } as const;
  const service = await PeekService.open(definition, { home, probeMs: 0 });
  onTestFinished(() => service[Symbol.asyncDispose]());
  const imported = new ImportedFiles();
  onTestFinished(() => imported[Symbol.dispose]());
  await service.start();
  const restarts: string[] = [];
  const onRestartNeeded = (): void => void restarts.push("restart");
  const reloader = new PluginReloader({
    definition,
    service,
    imported,
    onRestartNeeded,
    ...(stuckMs !== undefined && { stuckMs }),
  });
  const save = (): Promise<void> =>
    reloader.onSaved([{ folder: plugin, file: join(plugin, "plugin_package.json"), isNewOrGone: false }]);
  const first = save();
  await began.promise;
  return { service, save, first, restarts, finishLoad: gate.resolve };
}

function writePlugin(workspace: string, plugin: string): void {
  const code = `import { PluginAgentEntryHookABC } from "@peek/plugin-base/agent";
class AgentEntryHook extends PluginAgentEntryHookABC {
  load() { return globalThis.peekTestOnLoad(); }
  start() {}
  stop() {}
  unload() {}
}
export const peekAgentEntryHook = () => AgentEntryHook;`;
  const manifest = { plugin: { title: "A", packageName: "peek_plugin_a" }, requiresServices: ["agent"] };
  const json = { name: "peek-plugin-a", version: "1.0.0", type: "module", exports: "./index.js" };
  const files = {
    "pnpm-workspace.yaml": "",
    "services/agent/package.json": '{ "name": "agent", "version": "1.0.0" }',
    "plugins/peek-plugin-a/package.json": JSON.stringify(json),
    "plugins/peek-plugin-a/plugin_package.json": JSON.stringify(manifest),
    "plugins/peek-plugin-a/index.js": code,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), text);
  }
  mkdirSync(join(plugin, "node_modules", "@peek"), { recursive: true });
  symlinkSync(join(import.meta.dirname, "../../plugin-base"), join(plugin, "node_modules/@peek/plugin-base"));
}

it("saves during a reload lead to exactly one more reload", async () => {
  const { service, save, first, restarts, finishLoad } = await reloading();
  await Promise.all([save(), save(), save()]);
  finishLoad();
  await first;
  expect(service.changes().map(({ outcome }) => outcome)).toEqual(["done", "done"]);
  expect(restarts).toEqual([]);
});

it("a save during a reload that does not end restarts the service", async () => {
  const { save, first, restarts, finishLoad } = await reloading(0);
  await save();
  expect(restarts).toEqual(["restart"]);
  finishLoad();
  await first;
});
