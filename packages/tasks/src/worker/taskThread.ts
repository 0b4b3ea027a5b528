import { setImmediate } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { messageOf, PeekError } from "@peek/errors";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { attemptFailure, attemptFailureOf, type AttemptResult } from "./attemptResult.ts";
import { importHandler } from "./importHandler.ts";
import { runHandler } from "./runHandler.ts";
import { ProgressThrottle } from "./ProgressThrottle.ts";
import { ThreadStorage } from "./ThreadStorage.ts";
import { type ThreadJob, type ThreadEvent, threadCommandSchema, type ThreadReply } from "./threadMessages.ts";

// A thread does one task at a time; all of this is the thread's own.
let port: MessagePort | undefined;
let current: { readonly id: string; readonly controller: AbortController; readonly storage: ThreadStorage } | undefined;

/** What a thread of the pool runs: one task, from the import of its handler to its output. */
export default async function runInThread(job: ThreadJob): Promise<ThreadReply> {
  if (job.port !== undefined) listen(job.port);
  const controller = new AbortController();
  const tell = (news: ThreadEvent): void => port?.postMessage(news);
  const storage = new ThreadStorage(() => tell({ kind: "storage", id: job.id }));
  current = { id: job.id, controller, storage };
  const progress = new ProgressThrottle((value) => tell({ kind: "progress", id: job.id, value }));
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
async function afterClosing(result: AttemptResult, storage: ThreadStorage, task: string): Promise<AttemptResult> {
  try {
    await storage[Symbol.asyncDispose]();
    return result;
  } catch (error) {
    return result.kind === "done" ? attemptFailureOf(error, task) : result;
  }
}

interface Means {
  readonly signal: AbortSignal;
  readonly progress: ProgressThrottle;
  readonly storage: ThreadStorage;
}

async function resultOf(
  job: ThreadJob,
  { signal, progress, storage }: Means,
  begin: () => void,
): Promise<AttemptResult> {
  const { url, task, id, attempt, input } = job;
  try {
    const handler = await importHandler(url, task);
    begin();
    return await runHandler(handler, input, {
      ...{ id, attempt, signal },
      progress: (value) => progress.report(value),
      // The plugin says which tables it has.
      storage: async <Tables extends object>() => (await storage.open()) as unknown as PluginStorage<Tables>,
    });
  } catch (error) {
    return attemptFailure("TASK_HANDLER_INVALID", messageOf(error));
  }
}

function listen(given: MessagePort): void {
  port = given;
  given.on("message", (message: unknown) => {
    const order = threadCommandSchema.parse(message);
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
