import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PeekError, type PluginCommonEntryHookABC, type ServiceName } from "@peek/plugin-base";
import { defineAction, defineRpc, defineTask, defineTuple } from "@peek/plugin-base/contracts";
import type { PeekFieldPlatformHook } from "@peek/plugin-base/field";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { defineTaskHandler, type PeekWorkerPlatformHook } from "@peek/plugin-base/worker";
import { openTestDatabase, startService, type StartServiceOptions } from "@peek/testing";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";

const name = "peek_plugin_pump";
const Level = defineTuple(`${name}.Level`, { id: z.int() }, { key: "id" });
const Fill = defineAction(`${name}.Fill`, { id: z.int() });
const Count = defineTask(`${name}.Count`, { input: z.int(), weight: "light" });
const Pumps = defineRpc(`${name}.Pumps`, { list: { output: z.int() } });

type Use = () => unknown;
type AnyTables = Record<string, never>;

const pluginBase = join(dirname(dirname(import.meta.dirname)), "plugin-base");
const hooks = Symbol.for("peek.testing.test.hooks");

/** A plugin that keeps its entry hook, and fails in start(): it is stopped and released while the service runs on. */
async function writePlugin(service: ServiceName, requires: readonly string[]): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "peek-plugin-")));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "node_modules", "@peek"), { recursive: true });
  await symlink(pluginBase, join(dir, "node_modules", "@peek", "plugin-base"));
  const title = service.charAt(0).toUpperCase() + service.slice(1);
  const packageJson = { name: "peek-plugin-pump", type: "module", exports: "./index.js" };
  const manifest = { plugin: { title: "Pump", packageName: name, version: "1.0.0" }, requiresServices: requires };
  await writeFile(join(dir, "package.json"), JSON.stringify(packageJson));
  await writeFile(join(dir, "plugin_package.json"), JSON.stringify(manifest));
  await writeFile(
    join(dir, "index.js"),
    `import { Plugin${title}EntryHookABC } from "@peek/plugin-base/${service}";
     export const peek${title}EntryHook = () => class extends Plugin${title}EntryHookABC {
       load() { globalThis[Symbol.for("peek.testing.test.hooks")] = this; }
       start() { throw new Error("The pump is stuck"); }
       stop() {} unload() {}
     };`,
  );
  return dir;
}

/** The platform object of a plugin that has ended, while its service runs on. */
async function endedPlatform<Platform extends PluginCommonEntryHookABC["platform"]>(
  service: ServiceName,
  requires: readonly string[],
  options: StartServiceOptions = {},
): Promise<Platform> {
  const dir = await writePlugin(service, requires);
  const started = await startService(service, { ...options, plugins: [dir], allowFailed: true });
  onTestFinished(async () => void (await started.stop()));
  const hook = Reflect.get(globalThis, hooks) as PluginCommonEntryHookABC<Platform>;
  Reflect.deleteProperty(globalThis, hooks);
  await expect.poll(() => hook.disposables.disposed).toBe(true);
  return hook.platform;
}

async function codesOf(uses: Readonly<Record<string, Use>>): Promise<Readonly<Record<string, string>>> {
  const codes: Record<string, string> = {};
  for (const [title, use] of Object.entries(uses)) {
    try {
      await use();
      codes[title] = "no error";
    } catch (error) {
      codes[title] = PeekError.is(error) ? error.code : String(error);
    }
  }
  return codes;
}

function released(uses: Readonly<Record<string, Use>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(uses).map((title) => [title, "PLUGIN_RELEASED"]));
}

const common = ({ disposables, vortex }: PluginCommonEntryHookABC["platform"]): Readonly<Record<string, Use>> => ({
  "disposables.use": () => disposables.use({ [Symbol.dispose]: () => undefined }),
  "disposables.defer": () => disposables.defer(() => undefined),
  "rpc.serve": () => vortex.rpc.serve(Pumps, { list: () => 1 }),
  "rpc.client": () => vortex.rpc.client(Pumps, { to: "logic" }).list(),
  "payloads.endpoint": () => vortex.payloads.endpoint({ key: "level" }, () => undefined),
  "payloads.send": () => vortex.payloads.send({ filt: { key: "level" } }, { to: "logic" }),
  "presence.peers": () => vortex.presence.peers(),
  "presence.waitFor": () => vortex.presence.waitFor("agent"),
});

it("A plugin that has ended gets PLUGIN_RELEASED from every part of logic's platform", async () => {
  const platform = await endedPlatform<PeekLogicPlatformHook<AnyTables>>("logic", ["logic", "storage"]);
  const { http, observables, actions, storage, tasks } = platform;
  const uses: Readonly<Record<string, Use>> = {
    ...common(platform),
    getOtherPluginApi: () => platform.getOtherPluginApi("peek_plugin_well"),
    "http.route": () => http.route("GET", "/pumps", () => new Response("1")),
    "http.files": () => http.files("."),
    "observables.provide": () => observables.provide(Level, { load: () => [] }),
    "observables.notify": () => observables.notify(Level),
    "actions.handle": () => actions.handle(Fill, () => undefined),
    "actions.deadLetters": () => actions.deadLetters(),
    "storage.transaction": () => storage.transaction(async () => 1),
    "storage.withClient": () => storage.withClient(async () => 1),
    "tasks.enqueue": () => tasks.enqueue(Count, 1),
    "tasks.run": () => tasks.run(Count, 1),
    "tasks.find": () => tasks.find(Count, { key: "1" }),
  };
  expect(await codesOf(uses)).toEqual(released(uses));
});

it("A plugin that has ended gets PLUGIN_RELEASED from every part of a worker's platform", async () => {
  const requires = ["logic", "worker", "storage"];
  const database = await openTestDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const plugins = [await writePlugin("logic", requires)];
  const logic = await startService("logic", { plugins, database, allowFailed: true });
  onTestFinished(async () => void (await logic.stop()));
  const platform = await endedPlatform<PeekWorkerPlatformHook<AnyTables>>("worker", requires, { database, logic });
  const { storage, tasks } = platform;
  const uses: Readonly<Record<string, Use>> = {
    ...common(platform),
    getOtherPluginApi: () => platform.getOtherPluginApi("peek_plugin_well"),
    "storage.transaction": () => storage.transaction(async () => 1),
    "tasks.handle": () => tasks.handle(defineTaskHandler(import.meta, Count, () => undefined)),
    "tasks.enqueue": () => tasks.enqueue(Count, 1),
  };
  expect(await codesOf(uses)).toEqual(released(uses));
});

it("A plugin that has ended gets PLUGIN_RELEASED from every part of field's platform", async () => {
  const platform = await endedPlatform<PeekFieldPlatformHook>("field", ["field"]);
  const { http, observables, actions } = platform;
  const uses: Readonly<Record<string, Use>> = {
    ...common(platform),
    getOtherPluginApi: () => platform.getOtherPluginApi("peek_plugin_well"),
    "http.route": () => http.route("GET", "/pumps", () => new Response("1")),
    "observables.expose": () => observables.expose(Level),
    "actions.expose": () => actions.expose(Fill),
  };
  expect(await codesOf(uses)).toEqual(released(uses));
});
