import { serviceConfigSchema, serviceHome } from "@peek/config";
import type { PluginInfo } from "@peek/loader";
import type { PluginWorkerTasks } from "@peek/plugin-base";
import { defineTask } from "@peek/plugin-base/contracts";
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { Exchange, makeInstanceName, MemoryBus } from "@peek/bus";
import { Vortex } from "@peek/vortex";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { ServiceDefinition } from "../src/ServiceDefinition.ts";
import { StorageExtension } from "../src/StorageExtension.ts";
import { TasksExtension } from "../src/TasksExtension.ts";
import { logger } from "./silentLogger.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const facts: PluginInfo = {
  name: "peek_plugin_pump",
  rootDir: "/nowhere",
  manifest: {
    plugin: { title: "Pump", packageName: "peek_plugin_pump", version: "1.0.0", creator: "Pump makers" },
    requiresServices: ["logic", "worker", "storage"],
    dependencies: {},
  },
};

const Fill = defineTask("peek_plugin_pump.Fill", { input: z.int(), weight: "light" });

/** A worker whose database is not there yet. */
async function openWorker(): Promise<TasksExtension> {
  const owned = new AsyncDisposableStack();
  onTestFinished(() => owned.disposeAsync());
  const config = serviceConfigSchema.parse({});
  const definition: ServiceDefinition = { name: "worker", dir: "", storage: "user" };
  const home = serviceHome("worker", { PEEK_HOME: temporaryFolder() });
  const getLogger = () => logger;
  const member = { instance: makeInstanceName("worker"), version: "1.0.0", since: new Date().toISOString() };
  const bus = owned.use(new MemoryBus(new Exchange(), "worker", member));
  const vortex = owned.use(new Vortex({ bus, member, logger }));
  const own = owned.use(new AsyncDisposableStack());
  const storage = new StorageExtension({ definition, home, config: config.storage, getLogger });
  const tasks = owned.use(new TasksExtension({ definition, config, storage, getLogger }));
  await tasks.open(
    [facts],
    vortex.forPlugin("peek_core_platform", () => own, logger),
  );
  return tasks;
}

function tasksOf(worker: TasksExtension, phase: AsyncDisposableStack): PluginWorkerTasks {
  const { tasks } = worker.openScope(facts, () => phase) as { readonly tasks: PluginWorkerTasks };
  return tasks;
}

it("a handler ends with the phase of its plugin", async () => {
  const worker = await openWorker();
  const phase = new AsyncDisposableStack();
  await tasksOf(worker, phase).handle(defineTaskHandler(import.meta, Fill, () => undefined));
  expect(worker.status()?.worker?.tasks).toMatchObject([{ task: Fill.name }]);
  await phase.disposeAsync();
  expect(worker.status()?.worker?.tasks).toEqual([]);
});

it("a handler of a plugin that was stopped before it was made ready is given up", async () => {
  const worker = await openWorker();
  const phase = new AsyncDisposableStack();
  const handling = tasksOf(worker, phase).handle(defineTaskHandler(import.meta, Fill, () => undefined));
  await Promise.all([phase.disposeAsync(), expect(handling).rejects.toThrow()]);
  expect(worker.status()?.worker?.tasks).toEqual([]);
  const again = new AsyncDisposableStack();
  await tasksOf(worker, again).handle(defineTaskHandler(import.meta, Fill, () => undefined));
  await again.disposeAsync();
});
