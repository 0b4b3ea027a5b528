import { setImmediate } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { messageOf, PeekError } from "@peek/errors";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { failure, failureOf, type Result } from "./failure.ts";
import { importHandler } from "./importHandler.ts";
import { perform } from "./perform.ts";
import { Progress } from "./Progress.ts";
import { ThreadStorage } from "./ThreadStorage.ts";
import { type ThreadJob, type ThreadNews, threadOrderSchema, type ThreadReply } from "./threadMessages.ts";

// A thread does one task at a time; all of this is the thread's own.
let port: MessagePort | undefined;
let current: { readonly id: string; readonly controller: AbortController; readonly storage: ThreadStorage } | undefined;

/** What a thread of the pool runs: one task, from the import of its handler to its output. */
export default async function runInThread(job: ThreadJob): Promise<ThreadReply> {
  if (job.port !== undefined) listen(job.port);
  const controller = new AbortController();
  const tell = (news: ThreadNews): void => port?.postMessage(news);
  const storage = new ThreadStorage(() => tell({ kind: "storage", id: job.id }));
  current = { id: job.id, controller, storage };
  const progress = new Progress((value) => tell({ kind: "progress", id: job.id, value }));
  let before = Infinity;
  const made = await resultOf(job, { signal: controller.signal, progress, storage }, () => {
    tell({ kind: "begun", id: job.id });
    before = timers();
  });
  const result = await afterClosing(made, storage, job.task);
  const last = progress.takeLast();
  // What the handler's promises throw is to be known before its result is: it is this task's then.
  await setImmediate();
  current = undefined;
  return { result, ...(last !== undefined && { progress: last }), hasLeftovers: timers() > before };
}

/** What was under way when the handler returned is rolled back: then the task is not done. */
async function afterClosing(result: Result, storage: ThreadStorage, task: string): Promise<Result> {
  try {
    await storage[Symbol.asyncDispose]();
    return result;
  } catch (error) {
    return result.kind === "done" ? failureOf(error, task) : result;
  }
}

interface Means {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly storage: ThreadStorage;
}

async function resultOf(job: ThreadJob, { signal, progress, storage }: Means, begin: () => void): Promise<Result> {
  const { url, task, id, attempt, input } = job;
  try {
    const handler = await importHandler(url, task);
    begin();
    return await perform(handler, input, {
      ...{ id, attempt, signal },
      progress: (value) => progress.report(value),
      // The plugin says which tables it has.
      storage: async <Tables extends object>() => (await storage.open()) as unknown as PluginStorage<Tables>,
    });
  } catch (error) {
    return failure("TASK_HANDLER_INVALID", messageOf(error));
  }
}

function listen(given: MessagePort): void {
  port = given;
  given.on("message", (message: unknown) => {
    const order = threadOrderSchema.parse(message);
    const { id } = order;
    if (current?.id !== id) return;
    const { controller, storage } = current;
    if (order.kind !== "abort") return storage.answered(order);
    controller.abort(new PeekError("TASK_CANCELLED", order.message, { fields: { id } }));
    // Whatever the handler does then: what it has begun is taken back.
    storage[Symbol.asyncDispose]().catch(() => undefined);
  });
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind === "Immediate").length;
}
