import { setImmediate } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import { messageOf, PeekError } from "@peek/errors";
import { failure, type Result } from "./failure.ts";
import { importHandler } from "./importHandler.ts";
import { perform } from "./perform.ts";
import { Progress } from "./Progress.ts";
import { type ThreadJob, type ThreadNews, threadOrderSchema, type ThreadReply } from "./threadMessages.ts";

// A thread does one task at a time; all of this is the thread's own.
let port: MessagePort | undefined;
let current: { readonly id: string; readonly controller: AbortController } | undefined;

/** What a thread of the pool runs: one task, from the import of its handler to its output. */
export default async function runInThread(job: ThreadJob): Promise<ThreadReply> {
  if (job.port !== undefined) listen(job.port);
  const controller = new AbortController();
  current = { id: job.id, controller };
  const tell = (news: ThreadNews): void => port?.postMessage(news);
  const progress = new Progress((value) => tell({ kind: "progress", id: job.id, value }));
  let before = Infinity;
  const result = await resultOf(job, controller.signal, progress, () => {
    tell({ kind: "begun", id: job.id });
    before = timers();
  });
  const last = progress.takeLast();
  // What the handler's promises throw is to be known before its result is: it is this task's then.
  await setImmediate();
  current = undefined;
  return { result, ...(last !== undefined && { progress: last }), hasLeftovers: timers() > before };
}

async function resultOf(job: ThreadJob, signal: AbortSignal, progress: Progress, begin: () => void): Promise<Result> {
  const { url, task, id, attempt, input } = job;
  try {
    const handler = await importHandler(url, task);
    begin();
    return await perform(handler, input, { id, attempt, signal, progress: (value) => progress.report(value) });
  } catch (error) {
    return failure("TASK_HANDLER_INVALID", messageOf(error));
  }
}

function listen(given: MessagePort): void {
  port = given;
  given.on("message", (message: unknown) => {
    const { id, message: reason } = threadOrderSchema.parse(message);
    if (current?.id !== id) return;
    current.controller.abort(new PeekError("TASK_CANCELLED", reason, { fields: { id } }));
  });
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind === "Immediate").length;
}
