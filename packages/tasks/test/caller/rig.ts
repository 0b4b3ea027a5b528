import type { PeerIdentity, PluginTasks } from "@peek/plugin-base";
import { TestLog } from "@peek/kit/testing";
import { decode, defineTask, encode } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { TaskCaller, type TaskUpdate, type TaskQueue, type TaskSignals } from "@peek/tasks";
import { type QueueName, queueText } from "../../src/queue/QueueName.ts";
import type { FetchedTask } from "../../src/queue/TaskQueue.ts";

export const plugin = "peek_plugin_pumps";

/** A task whose schemas transform its input and its output. */
export const Double = defineTask("peek_plugin_pumps.Double", {
  input: z.string().transform(Number),
  output: z.number().transform((number) => `${number} turns`),
  retry: { tries: 2, delayMs: 0 },
});
export const Sweep = defineTask("peek_plugin_pumps.Sweep", { input: z.object({ from: z.int().default(0) }) });

export const doubles: QueueName = { task: Double.name, version: 1, kind: "plain" };

/** Records the signals to the workers, for which a test can wait. */
export class RecordedSignals implements TaskSignals {
  readonly self: PeerIdentity = { service: "logic", instance: "logic-1" };
  readonly woken: string[] = [];
  readonly cancelledIds: string[] = [];
  #next = Promise.withResolvers<void>();

  wake(queue: string): void {
    this.woken.push(queue);
    this.#changed();
  }

  cancelled(id: string): void {
    this.cancelledIds.push(id);
    this.#changed();
  }

  notify(): void {
    throw new Error("A caller must not send updates of tasks.");
  }

  /** Waits for a condition on the recorded signals. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#next.promise;
  }

  #changed(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }
}

/** A plugin that queues tasks, with its surroundings. */
export interface Rig<Queue extends TaskQueue> extends AsyncDisposable {
  readonly queue: Queue;
  readonly caller: TaskCaller;
  readonly tasks: PluginTasks;
  readonly signals: RecordedSignals;
  readonly log: TestLog;
  /** Ends the plugin's phase. */
  readonly stop: () => Promise<void>;
}

/** @param pollMs Default: no polling within a test. */
export function openRig<Queue extends TaskQueue>(queue: Queue, pollMs = 1_000_000): Rig<Queue> {
  const signals = new RecordedSignals();
  const log = new TestLog();
  const caller = new TaskCaller({ queue: async () => queue, signals, logger: log, pollMs });
  const stack = new AsyncDisposableStack();
  const stop = (): Promise<void> => stack.disposeAsync();
  return {
    queue,
    caller,
    tasks: caller.forPlugin(plugin, () => stack),
    signals,
    log,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
      await caller[Symbol.asyncDispose]();
    },
  };
}

/** Does the part of a worker: fetches the tasks of a queue when it is woken. */
export async function fetchWoken(rig: Rig<TaskQueue>, name: QueueName): Promise<readonly FetchedTask[]> {
  const { signals, queue } = rig;
  await signals.until(() => signals.woken.includes(queueText(name)));
  signals.woken.length = 0;
  return await queue.fetch(name, 100);
}

/** Does the tasks in a queue, and returns the updates without sending them. */
export async function doubleAll(rig: Rig<TaskQueue>, name: QueueName = doubles): Promise<readonly TaskUpdate[]> {
  const fetched = await fetchWoken(rig, name);
  const done = fetched.map((attempt) => ({ attempt, output: encode(2 * Number(decode(attempt.input))) }));
  await rig.queue.settle(
    name,
    done.map(({ attempt, output }) => ({ kind: "done", attempt, output })),
  );
  return done.map(({ attempt: { id }, output }) => ({ kind: "done", id, output }));
}
