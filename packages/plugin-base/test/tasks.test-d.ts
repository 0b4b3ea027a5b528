import { expectTypeOf } from "vitest";
import { z } from "zod";
import type { PluginTasks, TaskContext, TaskHandler, TaskRecord } from "@peek/plugin-base";
import {
  type AnyTaskType,
  defineTask,
  defineTuple,
  TaskRejection,
  type TaskType,
  type TupleOf,
} from "@peek/plugin-base/contracts";
import { type PeekLogicPlatformHook, PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { defineTaskHandler, type PeekWorkerPlatformHook } from "@peek/plugin-base/worker";

const PumpTuple = defineTuple("peek_plugin_pumps.Pump", { id: z.int(), builtAt: z.date() }, { key: "id" });
type Pump = TupleOf<typeof PumpTuple>;

const AddInts = defineTask("peek_plugin_pumps.AddInts", {
  input: z.object({ a: z.int(), b: z.int().default(0) }),
  output: z.int(),
});
const Count = defineTask("peek_plugin_pumps.Count", {
  input: z.string().transform(Number),
  output: z.number().transform(String),
});
const Sweep = defineTask("peek_plugin_pumps.Sweep", {
  input: z.void(),
  weight: "light",
  deadlineMs: 5000,
  memoryMb: 64,
  version: 2,
  retry: { tries: 5, delayMs: 0 },
});
const FindPump = defineTask("peek_plugin_pumps.FindPump", { input: z.string(), output: PumpTuple.schema.optional() });

expectTypeOf(AddInts).toEqualTypeOf<
  TaskType<{ a: number; b: number }, number, { a: number; b?: number | undefined }, number>
>();
expectTypeOf(Count).toEqualTypeOf<TaskType<number, string, string, number>>();
expectTypeOf(Sweep).toEqualTypeOf<TaskType<void, void, void, void>>();
expectTypeOf(AddInts.retry).toEqualTypeOf<{
  readonly tries: number;
  readonly delayMs: number;
  readonly maxDelayMs: number;
}>();
// A function that takes any type of tasks takes these.
expectTypeOf(AddInts).toExtend<AnyTaskType>();
expectTypeOf(Count).toExtend<AnyTaskType>();
expectTypeOf(Sweep).toExtend<AnyTaskType>();
// @ts-expect-error -- a type of tasks does not change
AddInts.deadlineMs = 5;
// An omitted schema means void.
expectTypeOf(defineTask("peek_plugin_pumps.Tick")).toEqualTypeOf<TaskType<void, void, void, void>>();
expectTypeOf(defineTask("peek_plugin_pumps.Roll", { output: z.int() })).toEqualTypeOf<
  TaskType<void, number, void, number>
>();
expectTypeOf(defineTask("peek_plugin_pumps.Tick", { weight: "light" })).toEqualTypeOf<
  TaskType<void, void, void, void>
>();
// @ts-expect-error -- a schema is needed
defineTask("peek_plugin_pumps.AddInts", { input: Number });
// @ts-expect-error -- there is no such weight
defineTask("peek_plugin_pumps.AddInts", { input: z.int(), weight: "medium" });
// @ts-expect-error -- a misspelt option
defineTask("peek_plugin_pumps.AddInts", { input: z.int(), deadline: 5 });
// @ts-expect-error -- nor is there such a one of retry
defineTask("peek_plugin_pumps.AddInts", { input: z.int(), retry: { limit: 5 } });

declare const tasks: PluginTasks;
declare const signal: AbortSignal;

// The types of inputs and outputs.
expectTypeOf(tasks.run(AddInts, { a: 1 })).toEqualTypeOf<Promise<number>>();
expectTypeOf(tasks.run(Count, "5", { deadlineMs: 5, signal, priority: 1, key: "north" })).toEqualTypeOf<
  Promise<string>
>();
expectTypeOf(tasks.run(Sweep, undefined)).toEqualTypeOf<Promise<void>>();
expectTypeOf(tasks.run(Sweep)).toEqualTypeOf<Promise<void>>();
void tasks.run(Sweep, undefined, { deadlineMs: 5 });
void tasks.enqueue(Sweep);
void tasks.schedule(Sweep, "* * * * *");
void tasks.schedule(Sweep, "* * * * *", undefined, { name: "early" });
expectTypeOf(tasks.run(FindPump, "north")).toEqualTypeOf<Promise<Pump | undefined>>();
expectTypeOf(tasks.enqueue(AddInts, { a: 1, b: 2 }, { startAfter: new Date(), singletonKey: "north" })).toEqualTypeOf<
  Promise<string>
>();
expectTypeOf(tasks.enqueueAll(Count, ["5", "6"], { key: "north" })).toEqualTypeOf<Promise<readonly string[]>>();
expectTypeOf(tasks.wait(Count, "id", { onProgress: (value) => expectTypeOf(value).toBeUnknown() })).toEqualTypeOf<
  Promise<string>
>();
expectTypeOf(tasks.find(FindPump, { key: "north" })).toEqualTypeOf<Promise<readonly TaskRecord<Pump | undefined>[]>>();
expectTypeOf(tasks.cancel(AddInts, "id")).toEqualTypeOf<Promise<boolean>>();
expectTypeOf(tasks.schedule(AddInts, "0 6 * * 1-5", { a: 1 }, { tz: "Europe/Berlin", name: "early" })).toEqualTypeOf<
  Promise<void>
>();
expectTypeOf(tasks.unschedule(AddInts)).toEqualTypeOf<Promise<boolean>>();

// @ts-expect-error -- it needs its input
void tasks.run(AddInts);
// @ts-expect-error -- of this form
void tasks.run(AddInts, { a: "1" });
// @ts-expect-error -- all of it
void tasks.enqueue(AddInts, { b: 1 });
// @ts-expect-error -- and no more
void tasks.enqueue(AddInts, { a: 1, c: 2 });
// @ts-expect-error -- it takes what its schema takes, not what that makes of it
void tasks.run(Count, 5);
// @ts-expect-error -- nor in a list
void tasks.enqueueAll(Count, [5]);
// @ts-expect-error -- nor at a time
void tasks.schedule(Count, "* * * * *", 5);
// @ts-expect-error -- so does one that is queued
void tasks.enqueue(AddInts);
// @ts-expect-error -- or scheduled
void tasks.schedule(AddInts, "* * * * *");
// @ts-expect-error -- it takes nothing
void tasks.run(Sweep, "now");
// @ts-expect-error -- a run is in no transaction: it would wait for what nobody sees before the commit
void tasks.run(AddInts, { a: 1 }, { transaction: undefined as never });
// @ts-expect-error -- nobody waits for what is queued
void tasks.enqueue(AddInts, { a: 1 }, { deadlineMs: 5 });
// @ts-expect-error -- of many, none is the only one
void tasks.enqueueAll(AddInts, [{ a: 1 }], { singletonKey: "north" });
// @ts-expect-error -- one thing is looked for
void tasks.find(AddInts, {});
// @ts-expect-error -- there is no such state
void tasks.find(AddInts, { id: "id" }).then(([task]) => task?.state === "queued");

// A handler is handed what the schema made, and returns what the schema takes.
expectTypeOf(
  defineTaskHandler(import.meta, AddInts, ({ a, b }, context) => {
    expectTypeOf(b).toEqualTypeOf<number>();
    expectTypeOf(context).toEqualTypeOf<TaskContext>();
    return a + b;
  }),
).toEqualTypeOf<TaskHandler>();
defineTaskHandler(import.meta, Count, async (input) => {
  expectTypeOf(input).toEqualTypeOf<number>();
  return input;
});
defineTaskHandler(import.meta, Sweep, () => {});
defineTaskHandler(import.meta, FindPump, (id) => (id === "" ? undefined : { id: 1, builtAt: new Date() }));
defineTaskHandler(import.meta, AddInts, () => {
  throw new TaskRejection("There is no such pump", { fields: { pump: 5 } });
});
// @ts-expect-error -- an output of another form
defineTaskHandler(import.meta, AddInts, () => "3");
// @ts-expect-error -- nor in a promise
defineTaskHandler(import.meta, AddInts, async () => "3");
// @ts-expect-error -- no output
defineTaskHandler(import.meta, AddInts, () => {});
// @ts-expect-error -- it returns what its schema takes, not what that makes of it
defineTaskHandler(import.meta, Count, (input) => String(input));
// @ts-expect-error -- it is handed something else
defineTaskHandler(import.meta, AddInts, (input: string) => input.length);

interface Tables {
  readonly pump: { readonly id: number; readonly name: string };
}

// A task can be enqueued in a transaction of the plugin's storage, with any tables.
export async function inTransaction(storage: PluginStorage<Tables>): Promise<string> {
  return await storage.transaction(async (transaction) => {
    await transaction.insertInto("pump").values({ id: 1, name: "north" }).execute();
    return await tasks.enqueue(AddInts, { a: 1 }, { transaction });
  });
}
declare const db: PluginStorage<Tables>["db"];
// @ts-expect-error -- the database is no transaction
void tasks.enqueue(AddInts, { a: 1 }, { transaction: db });
// @ts-expect-error -- nor is this
void tasks.enqueue(AddInts, { a: 1 }, { transaction: "yes" });

// Who has storage has tasks; the worker does them, too.
declare const logic: PeekLogicPlatformHook<Tables>;
declare const worker: PeekWorkerPlatformHook<Tables>;
expectTypeOf(logic.tasks).toEqualTypeOf<PluginTasks>();
expectTypeOf(worker.tasks).toExtend<PluginTasks>();
expectTypeOf<ReturnType<typeof worker.tasks.handle>>().toEqualTypeOf<Promise<AsyncDisposable>>();
// @ts-expect-error -- logic does none
void logic.tasks.handle;

export class WithoutTables extends PluginLogicEntryHookABC {
  override load(): void {
    // @ts-expect-error -- a plugin that names no tables has no storage, and so no tasks
    void this.platform.tasks;
  }
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}
