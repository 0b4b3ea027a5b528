import { setImmediate, setTimeout } from "node:timers/promises";
import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskUpdate, TaskSignals } from "../caller/TaskSignals.ts";
import { parseQueueText } from "../queue/QueueName.ts";
import type { AttemptOutcome } from "../queue/TaskQueue.ts";
import type { HeldTask } from "./HeldTask.ts";
import type { WorkerQueue } from "../queue/TaskQueue.ts";

/** What a {@link OutcomeRecorder} works with. */
export interface OutcomeRecorderOptions {
  readonly queue: WorkerQueue;
  readonly signals: TaskSignals;
  readonly logger: Logger;
  /** Whether more of a queue is going to come soon, so that it is worth while to wait for it. */
  readonly isBusy: (queue: string) => boolean;
  /** Called when these need not be held any more, recorded or not. */
  readonly onSettled: (queue: string, held: readonly HeldTask[]) => void;
}

/** How many outcomes one statement records, and how long their outputs are together, unless one alone is longer; letters. */
const mostAtOnce = 500;
const mostLetters = 4 * 1024 * 1024;
/** How long outcomes of a busy queue are gathered; milliseconds. Each statement costs about the same, however many it records. */
const gatherMs = 20;
/** The pause before it is tried again; milliseconds. */
const retryMs = { first: 100, longest: 2000 } as const;
/** A longer output is found in the database; letters. */
const longestTold = 64 * 1024;
/** What may be over at the next try. */
const passing: ReadonlySet<string> = new Set([
  "STORAGE_UNAVAILABLE",
  "STORAGE_REFUSED",
  "STORAGE_CONNECTIONS",
  "STORAGE_BUSY",
  "STORAGE_TIMEOUT",
  "STORAGE_CONFLICT",
  "STORAGE_COMMIT_UNKNOWN",
]);

/** The outcomes of a queue that are to be recorded. */
interface Line {
  readonly pending: Map<HeldTask, AttemptOutcome>;
  /** undefined while there is nothing to do. */
  draining?: Promise<void>;
}

/**
 * Records what has become of tasks, and tells those who wait for them, in this order. What comes while a statement is under way goes
 * together with the next; what cannot be recorded is kept and tried again.
 */
export class OutcomeRecorder {
  readonly #options: OutcomeRecorderOptions;
  readonly #lines = new Map<string, Line>();
  readonly #closing = new AbortController();
  #isTold = false;

  constructor(options: OutcomeRecorderOptions) {
    this.#options = options;
  }

  /** How many are still to be recorded. */
  get size(): number {
    return this.#lines.values().reduce((sum, { pending }) => sum + pending.size, 0);
  }

  add(held: HeldTask, outcome: AttemptOutcome): void {
    let line = this.#lines.get(held.queue);
    if (line === undefined) this.#lines.set(held.queue, (line = { pending: new Map() }));
    line.pending.set(held, outcome);
    line.draining ??= this.#drain(held.queue, line);
  }

  /** It is another's now: nothing is recorded. */
  forget(held: HeldTask): void {
    this.#lines.get(held.queue)?.pending.delete(held);
  }

  /** Waits until all that there is now was recorded. */
  async flush(queues: Iterable<string> = this.#lines.keys()): Promise<void> {
    await Promise.all([...queues].flatMap((queue) => this.#lines.get(queue)?.draining ?? []));
  }

  /** Gives up what cannot be recorded. */
  close(): void {
    this.#closing.abort();
  }

  async #drain(queue: string, line: Line): Promise<void> {
    // What ends in the same turn is recorded together.
    await setImmediate();
    let pauseMs: number = retryMs.first;
    let atOnce = mostAtOnce;
    while (line.pending.size > 0 && !this.#closing.signal.aborted) {
      if (line.pending.size < mostAtOnce && this.#options.isBusy(queue)) await this.#pause(gatherMs);
      const batch = batchOf(line.pending, atOnce);
      try {
        await this.#record(queue, line, batch);
        pauseMs = retryMs.first;
        atOnce = mostAtOnce;
      } catch (error) {
        if (PeekError.is(error) && passing.has(error.code)) {
          this.#failed(error);
          // They may be what takes so long.
          if (error.code === "STORAGE_TIMEOUT") atOnce = Math.ceil(batch.length / 2);
          await this.#pause(pauseMs);
          pauseMs = Math.min(pauseMs * 2, retryMs.longest);
        } else if (batch.length > 1) {
          // One of them is what the database does not take.
          atOnce = Math.ceil(batch.length / 2);
        } else {
          for (const [held, outcome] of batch) this.#refused(queue, line, held, outcome, error);
          atOnce = mostAtOnce;
        }
      }
    }
    delete line.draining;
  }

  async #pause(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  async #record(queue: string, line: Line, batch: readonly (readonly [HeldTask, AttemptOutcome])[]): Promise<void> {
    const name = parseQueueText(queue);
    if (name === undefined) throw new PeekError("INTERNAL", `${queue} is no queue.`);
    for (const [held] of batch) held.isRecording = true;
    let ours: ReadonlySet<string>;
    try {
      ours = await this.#options.queue.settle(
        name,
        batch.map(([, outcome]) => outcome),
      );
    } finally {
      for (const [held] of batch) held.isRecording = false;
    }
    if (this.#isTold) this.#options.logger.info("What has become of tasks is recorded again");
    this.#isTold = false;
    for (const [held] of batch) line.pending.delete(held);
    this.#options.onSettled(
      queue,
      batch.map(([held]) => held),
    );
    this.#tell(batch.filter(([{ task }]) => ours.has(task.id)));
  }

  #tell(recorded: readonly (readonly [HeldTask, AttemptOutcome])[]): void {
    const { signals } = this.#options;
    const byOrigin = new Map<
      string,
      { readonly origin: Parameters<TaskSignals["notify"]>[0]; readonly news: TaskUpdate[] }
    >();
    for (const [{ task }, outcome] of recorded) {
      const news = newsOf(task.id, outcome);
      const { origin } = task;
      if (news === undefined || origin === undefined) continue;
      const known = byOrigin.get(origin.instance);
      if (known === undefined) byOrigin.set(origin.instance, { origin, news: [news] });
      else known.news.push(news);
    }
    for (const { origin, news } of byOrigin.values()) signals.notify(origin, news);
  }

  #failed(error: PeekError): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#options.logger.warning("What has become of tasks cannot be recorded, and is kept: %s", messageOf(error));
  }

  /** The database does not take this outcome, whenever. */
  #refused(queue: string, line: Line, held: HeldTask, outcome: AttemptOutcome, error: unknown): void {
    const { task } = held;
    this.#options.logger.error(
      { err: error },
      "What has become of %s %s cannot be recorded: %s",
      task.queue.task,
      task.id,
      messageOf(error),
    );
    line.pending.delete(held);
    if (outcome.kind === "done") {
      const message = `Its output cannot be recorded: ${messageOf(error)}`;
      line.pending.set(held, {
        kind: "failed",
        attempt: outcome.attempt,
        error: { code: "TASK_OUTPUT_INVALID", message: `${task.queue.task}: ${message}` },
        failures: task.failures + 1,
      });
    } else {
      // It comes back when it has not been touched for long enough.
      this.#options.onSettled(queue, [held]);
    }
  }
}

/** What is recorded next: at least one. */
function batchOf(
  pending: ReadonlyMap<HeldTask, AttemptOutcome>,
  most: number,
): readonly (readonly [HeldTask, AttemptOutcome])[] {
  const batch: (readonly [HeldTask, AttemptOutcome])[] = [];
  let letters = 0;
  for (const entry of pending) {
    const [, outcome] = entry;
    if (outcome.kind === "done") letters += outcome.output.length;
    if (batch.length > 0 && (batch.length >= most || letters > mostLetters)) break;
    batch.push(entry);
  }
  return batch;
}

function newsOf(id: string, outcome: AttemptOutcome): TaskUpdate | undefined {
  if (outcome.kind === "failed") return { kind: "failed", id, error: outcome.error };
  if (outcome.kind !== "done") return undefined;
  return { kind: "done", id, output: outcome.output.length > longestTold ? undefined : outcome.output };
}
