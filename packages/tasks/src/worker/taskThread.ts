import { setImmediate } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { messageOf, PeekError } from "@peek/errors";
import { provideModules } from "@peek/kit";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { attemptFailure, attemptFailureOf, type AttemptResult } from "./attemptResult.ts";
import { importHandler } from "./importHandler.ts";
import { runHandler } from "./runHandler.ts";
import { ProgressThrottle } from "./ProgressThrottle.ts";
import { ThreadStorage } from "./ThreadStorage.ts";
import { type ThreadJob, type ThreadEvent, threadCommandSchema, type ThreadReply } from "./threadMessages.ts";

// For the life of the thread: handlers of plugins from archives import plugin-base.
provideModules();

// A thread runs one task at a time. This state belongs to the thread.
let port: MessagePort | undefined;
let current: { readonly id: string; readonly controller: AbortController; readonly storage: ThreadStorage } | undefined;

/** Runs one task in a thread of the pool, from the import of its handler to its output. */
export default async function runInThread(job: ThreadJob): Promise<ThreadReply> {
  if (job.port !== undefined) listen(job.port);
  const controller = new AbortController();
  const send = (event: ThreadEvent): void => port?.postMessage(event);
  const storage = new ThreadStorage(() => send({ kind: "storage", id: job.id }));
  current = { id: job.id, controller, storage };
  const progress = new ProgressThrottle((value) => send({ kind: "progress", id: job.id, value }));
  let before = Infinity;
  const made = await resultOf(job, { signal: controller.signal, progress, storage }, () => {
    send({ kind: "begun", id: job.id });
    before = timers();
  });
  const result = await afterClosing(made, storage, job.task);
  const last = progress.takeLast();
  // Unhandled rejections of the handler have to surface before its result: they belong to this task.
  await setImmediate();
  current = undefined;
  return { result, ...(last !== undefined && { progress: last }), hasLeftovers: timers() > before };
}

/** A query that still ran when the handler returned is rolled back: then the task has failed. */
async function afterClosing(result: AttemptResult, storage: ThreadStorage, task: string): Promise<AttemptResult> {
  try {
    await storage[Symbol.asyncDispose]();
    return result;
  } catch (error) {
    return result.kind === "done" ? attemptFailureOf(error, task) : result;
  }
}

interface HandlerTools {
  readonly signal: AbortSignal;
  readonly progress: ProgressThrottle;
  readonly storage: ThreadStorage;
}

async function resultOf(
  job: ThreadJob,
  { signal, progress, storage }: HandlerTools,
  begin: () => void,
): Promise<AttemptResult> {
  const { url, task, id, attempt, input } = job;
  try {
    const handler = await importHandler(url, task);
    begin();
    return await runHandler(handler, input, {
      ...{ id, attempt, signal },
      progress: (value) => progress.report(value),
      // The plugin declares its tables.
      storage: async <Tables extends object>() => (await storage.open()) as unknown as PluginStorage<Tables>,
    });
  } catch (error) {
    return attemptFailure("TASK_HANDLER_INVALID", messageOf(error));
  }
}

function listen(given: MessagePort): void {
  port = given;
  given.on("message", (message: unknown) => {
    const command = threadCommandSchema.parse(message);
    const { id } = command;
    if (current?.id !== id) return;
    const { controller, storage } = current;
    if (command.kind !== "abort") return storage.answered(command);
    controller.abort(new PeekError("TASK_CANCELLED", command.message, { fields: { id } }));
    // Rolls back the open transaction, even if the handler ignores its signal.
    storage[Symbol.asyncDispose]().catch(() => undefined);
  });
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind === "Immediate").length;
}
