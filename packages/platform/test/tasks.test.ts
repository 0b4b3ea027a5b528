import { serviceConfigSchema, serviceHome } from "@peek/config";
import type { PluginInfo } from "@peek/loader";
import type { PluginWorkerTasks } from "@peek/plugin-base";
import { defineTask } from "@peek/plugin-base/contracts";
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { Exchange, makeInstanceName, MemoryBus } from "@peek/bus";
import { Vortex } from "@peek/vortex";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { StorageExtension } from "../src/extensions/StorageExtension.ts";
import { WorkerTasksExtension } from "../src/extensions/WorkerTasksExtension.ts";
import type { ServiceDefinition } from "../src/ServiceDefinition.ts";
import { logger } from "./silentLogger.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const plugin: PluginInfo = {
  name: "peek_plugin_pump",
  rootDir: "/nowhere",
  manifest: {
    plugin: { title: "Pump", packageName: "peek_plugin_pump", version: "1.0.0", creator: "Pump makers" },
    requiresServices: ["logic", "worker", "storage"],
    dependencies: {},
  },
};

const Fill = defineTask("peek_plugin_pump.Fill", { input: z.int(), weight: "light" });

/** The tasks of a worker whose database has not been opened. */
async function openWorker(): Promise<WorkerTasksExtension> {
  const owned = new AsyncDisposableStack();
  onTestFinished(() => owned.disposeAsync());
  const config = serviceConfigSchema.parse({});
  const definition: ServiceDefinition = { name: "worker", dir: "" };
  const home = serviceHome("worker", { PEEK_HOME: temporaryFolder() });
  const getLogger = () => logger;
  const member = { instance: makeInstanceName("worker"), version: "1.0.0", since: new Date().toISOString() };
  const bus = owned.use(new MemoryBus(new Exchange(), "worker", member));
  const vortex = owned.use(new Vortex({ bus, member, logger }));
  const ownScope = owned.use(new AsyncDisposableStack());
  const own = vortex.forPlugin("peek_core_platform", () => ownScope, logger);
  const options = { definition, home, config, getLogger };
  const storage = new StorageExtension(options, "user");
  const tasks = owned.use(new WorkerTasksExtension(options, { vortex: { own }, storage }));
  await tasks.open({ plugins: [plugin], signal: new AbortController().signal });
  return tasks;
}

function tasksOf(worker: WorkerTasksExtension, phase: AsyncDisposableStack): PluginWorkerTasks {
  return worker.openScope(plugin, () => phase).tasks;
}

it("a task handler ends with the phase of its plugin", async () => {
  const worker = await openWorker();
  const phase = new AsyncDisposableStack();
  await tasksOf(worker, phase).handle(defineTaskHandler(import.meta, Fill, () => undefined));
  expect(worker.status()?.worker?.tasks).toMatchObject([{ task: Fill.name }]);
  await phase.disposeAsync();
  expect(worker.status()?.worker?.tasks).toEqual([]);
});

it("a task handler is released when its plugin stops before the registration is complete", async () => {
  const worker = await openWorker();
  const phase = new AsyncDisposableStack();
  const handling = tasksOf(worker, phase).handle(defineTaskHandler(import.meta, Fill, () => undefined));
  await Promise.all([phase.disposeAsync(), expect(handling).rejects.toThrow()]);
  expect(worker.status()?.worker?.tasks).toEqual([]);
  const again = new AsyncDisposableStack();
  await tasksOf(worker, again).handle(defineTaskHandler(import.meta, Fill, () => undefined));
  await again.disposeAsync();
});
