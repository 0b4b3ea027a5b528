import { messageOf, PeekError } from "@peek/errors";
import type { ThreadConnection } from "@peek/plugin-base/internal";
import { type AttemptFailure, attemptFailure, type AttemptResult } from "./attemptResult.ts";
import type { MemoryMonitor } from "./MemoryMonitor.ts";
import type { TaskJob } from "./TaskRun.ts";
import type { ThreadSlot } from "./ThreadSlot.ts";
import type { ThreadEvent, ThreadReply } from "./threadMessages.ts";

/** How long a thread may take to start and to import the module of a handler. */
const startMs = 30_000;

/** How the run ended. */
interface Ended {
  readonly result: AttemptResult;
  /** Whether the thread can run another task. */
  readonly isReusable: boolean;
}

/** One try of a heavy task in a thread: its deadline, its memory, its connections, and the end of the thread. */
export class HeavyRun {
  /** Never rejects. */
  readonly result: Promise<Ended>;
  readonly #slot: ThreadSlot;
  readonly #job: TaskJob;
  /** Resolves when the thread has to be ended. */
  readonly #ended = Promise.withResolvers<AttemptFailure>();
  /** Fires when the thread is done with this task. */
  readonly #over = new AbortController();
  readonly #connections: ThreadConnection[] = [];
  #timer: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;

  constructor(slot: ThreadSlot, job: TaskJob, memory: MemoryMonitor) {
    this.#slot = slot;
    this.#job = job;
    this.result = this.#run(memory);
  }

  abort(reason: Error, graceMs: number): void {
    this.#slot.send({ kind: "abort", id: this.#job.id, message: reason.message });
    const { name } = this.#job.handler.task;
    this.#grace ??= setTimeout(() => {
      this.#ended.resolve(
        attemptFailure("TASK_ENDED_THREAD", `${name} did not end after its signal fired: ${reason.message}`),
      );
    }, graceMs);
  }

  async #run(memory: MemoryMonitor): Promise<Ended> {
    const { handler, id, attempt, input, onProgress } = this.#job;
    const { name, deadlineMs, memoryMb } = handler.task;
    const isKnown = this.#slot.knows(handler.url);
    this.#endAfter(isKnown ? deadlineMs : startMs + deadlineMs);
    const onEvent = (event: ThreadEvent): void => {
      if (event.id !== id) return;
      if (event.kind === "progress") onProgress(event.value);
      else if (event.kind === "storage") void this.#grantStorage();
      else if (!isKnown) this.#endAfter(deadlineMs);
    };
    const replied = this.#slot.run({ url: handler.url, task: name, id, attempt, input }, onEvent);
    const { thread } = this.#slot;
    const onExceeded = (usedMb: number): void => {
      this.#ended.resolve(
        attemptFailure(
          "TASK_OUT_OF_MEMORY",
          `${name} used ${usedMb} MiB of memory, more than its memoryMb of ${memoryMb}`,
        ),
      );
    };
    const watched = thread === undefined ? undefined : { thread, limitMb: memoryMb, onExceeded };
    if (watched !== undefined) memory.add(watched);
    try {
      const reply = await Promise.race([
        replied.catch((error: unknown) => threadFailure(error, name, memoryMb)),
        this.#ended.promise,
      ]);
      if (!isReply(reply)) return { result: reply, isReusable: false };
      if (reply.progress !== undefined) onProgress(reply.progress);
      return { result: reply.result, isReusable: !reply.hasLeftovers };
    } finally {
      clearTimeout(this.#timer);
      clearTimeout(this.#grace);
      if (watched !== undefined) memory.delete(watched);
      this.#over.abort(new PeekError("TASK_CANCELLED", `${name} has ended.`));
      for (const connection of this.#connections) connection[Symbol.dispose]();
    }
  }

  /** Grants the thread a connection to the database as soon as one is free. Never rejects. */
  async #grantStorage(): Promise<void> {
    const { id, storage } = this.#job;
    const { signal } = this.#over;
    try {
      const of = await storage();
      const connection = await of.reserve(signal);
      if (signal.aborted) return connection[Symbol.dispose]();
      this.#connections.push(connection);
      this.#slot.send({ kind: "storage", id, module: of.module, settings: connection.settings });
    } catch (error) {
      const code = PeekError.is(error) ? error.code : "INTERNAL";
      if (!signal.aborted) this.#slot.send({ kind: "noStorage", id, code, message: messageOf(error) });
    }
  }

  #endAfter(ms: number): void {
    const { name, deadlineMs } = this.#job.handler.task;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#ended.resolve(attemptFailure("TASK_TIMED_OUT", `${name} took longer than its deadlineMs of ${deadlineMs}`));
    }, ms);
  }
}

function isReply(value: ThreadReply | AttemptFailure): value is ThreadReply {
  return "result" in value;
}

/** The failure of a task whose thread ended unexpectedly. */
function threadFailure(error: unknown, task: string, memoryMb: number): AttemptFailure {
  const message = messageOf(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_WORKER_OUT_OF_MEMORY") {
    return attemptFailure("TASK_OUT_OF_MEMORY", `${task} took more memory than its memoryMb of ${memoryMb}`);
  }
  const exit = /^worker exited with code: (-?\d+)$/.exec(message)?.[1];
  if (exit !== undefined) {
    return attemptFailure(
      "TASK_ENDED_THREAD",
      `${task} ended its thread with exit code ${exit} before it returned. A handler has to return or throw`,
    );
  }
  const stack = error instanceof Error ? { stack: error.stack ?? message } : {};
  return attemptFailure("TASK_FAILED", `${task}: uncaught error: ${message}`, stack);
}
