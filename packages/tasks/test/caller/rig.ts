import type { Logger, PeerIdentity, PluginTasks } from "@peek/plugin-base";
import { PeekError } from "@peek/errors";
import { decode, defineTask, encode } from "@peek/plugin-base/contracts";
import { z } from "zod";
import { TaskCaller, type TaskNews, type TaskQueue, type TaskSignals } from "@peek/tasks";
import { type QueueName, queueText } from "../../src/queue/QueueName.ts";
import type { TakenTask } from "../../src/queue/TaskQueue.ts";

export const plugin = "peek_plugin_pumps";

/** Its schema makes something else of what it is given. */
export const Double = defineTask("peek_plugin_pumps.Double", {
  input: z.string().transform(Number),
  output: z.number().transform((number) => `${number} turns`),
  retry: { tries: 2, delayMs: 0 },
});
export const Sweep = defineTask("peek_plugin_pumps.Sweep", { input: z.object({ from: z.int().default(0) }) });

export const doubles: QueueName = { task: Double.name, version: 1, kind: "plain" };

/** What workers are told; the test looks, and waits for it. */
export class HeardSignals implements TaskSignals {
  readonly self: PeerIdentity = { service: "logic", instance: "logic-1" };
  readonly woken: string[] = [];
  readonly cancelledIds: string[] = [];
  #next = Promise.withResolvers<void>();

  wake(queue: string): void {
    this.woken.push(queue);
    this.#tell();
  }

  cancelled(id: string): void {
    this.cancelledIds.push(id);
    this.#tell();
  }

  tell(): void {
    throw new Error("A caller tells nobody what has become of a task");
  }

  /** Waits until something is so. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#next.promise;
  }

  #tell(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }
}

/** The lines that were logged. */
export class HeardLog implements Logger {
  readonly lines: string[] = [];
  readonly debug = this.#level("DEBUG");
  readonly info = this.#level("INFO");
  readonly warning = this.#level("WARNING");
  readonly error = this.#level("ERROR");
  readonly critical = this.#level("CRITICAL");

  isLevelEnabled(): boolean {
    return true;
  }

  #level(level: string) {
    return (first: unknown, ...rest: readonly unknown[]): void => {
      const [message, ...values] = typeof first === "string" ? [first, ...rest] : rest;
      let at = 0;
      this.lines.push(`${level} ${String(message).replaceAll(/%[sd]/g, () => String(values[at++]))}`);
    };
  }
}

/** A plugin that queues tasks, and what is around it. */
export interface Rig<Queue extends TaskQueue> extends AsyncDisposable {
  readonly queue: Queue;
  readonly caller: TaskCaller;
  readonly tasks: PluginTasks;
  readonly signals: HeardSignals;
  readonly log: HeardLog;
  /** Ends the plugin's phase. */
  readonly stop: () => Promise<void>;
}

/** @param netMs Default: never within a test. */
export function openRig<Queue extends TaskQueue>(queue: Queue, netMs = 1_000_000): Rig<Queue> {
  const signals = new HeardSignals();
  const log = new HeardLog();
  const caller = new TaskCaller({ queue: async () => queue, signals, logger: log, netMs });
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

/** What a worker would do: takes what is in a queue once it is woken. */
export async function takeWoken(rig: Rig<TaskQueue>, name: QueueName): Promise<readonly TakenTask[]> {
  const { signals, queue } = rig;
  await signals.until(() => signals.woken.includes(queueText(name)));
  signals.woken.length = 0;
  return await queue.take(name, 100);
}

/** Takes what is in a queue, does it, and gives the news; they are not told. */
export async function doubleAll(rig: Rig<TaskQueue>, name: QueueName = doubles): Promise<readonly TaskNews[]> {
  const taken = await takeWoken(rig, name);
  const done = taken.map((attempt) => ({ attempt, output: encode(2 * Number(decode(attempt.input))) }));
  await rig.queue.settle(
    name,
    done.map(({ attempt, output }) => ({ kind: "done", attempt, output })),
  );
  return done.map(({ attempt: { id }, output }) => ({ kind: "done", id, output }));
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<PeekError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof PeekError) return error;
    throw new Error(`Not a PeekError was thrown: ${String(error)}`, { cause: error });
  }
  throw new Error("It did not reject");
}
