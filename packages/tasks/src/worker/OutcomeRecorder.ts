import { setImmediate, setTimeout } from "node:timers/promises";
import { messageOf, PeekError } from "@peek/errors";
import { Backoff } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import type { TaskSignals } from "../caller/TaskSignals.ts";
import { parseQueueText } from "../queue/QueueName.ts";
import type { AttemptOutcome, WorkerQueue } from "../queue/TaskQueue.ts";
import type { HeldTask } from "./HeldTask.ts";
import { updatesByOrigin } from "./updatesByOrigin.ts";

/** The options of {@link OutcomeRecorder}. */
export interface OutcomeRecorderOptions {
  readonly queue: WorkerQueue;
  readonly signals: TaskSignals;
  readonly logger: Logger;
  /** Whether more outcomes of a queue will come soon, so that waiting for them pays. */
  readonly isBusy: (queue: string) => boolean;
  /** Called when tasks need not be held any more, whether their outcomes are recorded or not. */
  readonly onSettled: (queue: string, held: readonly HeldTask[]) => void;
}

/** The bounds of one statement. A single longer output still goes in one statement. */
const maxBatch = 500;
const maxBatchCharacters = 4 * 1024 * 1024;
/** How long outcomes of a busy queue are gathered: a statement costs about the same for one outcome as for many. */
const gatherMs = 20;
/** Errors that the next try may not have. */
const transientErrors: ReadonlySet<string> = new Set([
  "STORAGE_UNAVAILABLE",
  "STORAGE_REFUSED",
  "STORAGE_CONNECTIONS",
  "STORAGE_BUSY",
  "STORAGE_TIMEOUT",
  "STORAGE_CONFLICT",
  "STORAGE_COMMIT_UNKNOWN",
]);

/** The outcomes of a queue that are not recorded yet. */
interface PendingOutcomes {
  readonly outcomes: Map<HeldTask, AttemptOutcome>;
  /** undefined while there are none. */
  draining?: Promise<void>;
}

/**
 * Records the outcomes of tasks, and then notifies the processes that wait for them. Outcomes that come while a statement runs share the
 * next one. Outcomes that cannot be recorded are kept and retried.
 */
export class OutcomeRecorder {
  readonly #options: OutcomeRecorderOptions;
  readonly #pending = new Map<string, PendingOutcomes>();
  readonly #closing = new AbortController();
  #isFailing = false;

  constructor(options: OutcomeRecorderOptions) {
    this.#options = options;
  }

  /** How many outcomes are not recorded yet. */
  get size(): number {
    return this.#pending.values().reduce((sum, { outcomes }) => sum + outcomes.size, 0);
  }

  add(held: HeldTask, outcome: AttemptOutcome): void {
    let pending = this.#pending.get(held.queue);
    if (pending === undefined) this.#pending.set(held.queue, (pending = { outcomes: new Map() }));
    pending.outcomes.set(held, outcome);
    pending.draining ??= this.#drain(held.queue, pending);
  }

  /** Discards the outcome of a task whose lease was lost. */
  forget(held: HeldTask): void {
    this.#pending.get(held.queue)?.outcomes.delete(held);
  }

  /** Waits until the present outcomes are recorded. */
  async flush(queues: Iterable<string> = this.#pending.keys()): Promise<void> {
    await Promise.all([...queues].flatMap((queue) => this.#pending.get(queue)?.draining ?? []));
  }

  /** Discards the outcomes that are not recorded. */
  close(): void {
    this.#closing.abort();
  }

  async #drain(queue: string, pending: PendingOutcomes): Promise<void> {
    const { outcomes } = pending;
    const backoff = new Backoff({ maxMs: 2000 });
    let batchSize = maxBatch;
    // Outcomes of the same tick are recorded together.
    await setImmediate();
    while (outcomes.size > 0 && !this.#closing.signal.aborted) {
      if (outcomes.size < maxBatch && this.#options.isBusy(queue)) await this.#pause(gatherMs);
      const batch = batchOf(outcomes, batchSize);
      try {
        await this.#record(queue, outcomes, batch);
        backoff.reset();
        batchSize = maxBatch;
      } catch (error) {
        if (PeekError.is(error) && transientErrors.has(error.code)) {
          this.#failed(error);
          // The batch itself may be too slow.
          if (error.code === "STORAGE_TIMEOUT") batchSize = Math.ceil(batch.length / 2);
          await this.#pause(backoff.next());
        } else if (batch.length > 1) {
          // Bisects the batch to find the outcome that the database refuses.
          batchSize = Math.ceil(batch.length / 2);
        } else {
          for (const [held, outcome] of batch) this.#refused(queue, outcomes, held, outcome, error);
          batchSize = maxBatch;
        }
      }
    }
    delete pending.draining;
  }

  async #pause(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  async #record(
    queue: string,
    outcomes: Map<HeldTask, AttemptOutcome>,
    batch: readonly (readonly [HeldTask, AttemptOutcome])[],
  ): Promise<void> {
    const name = parseQueueText(queue);
    if (name === undefined) throw new PeekError("INTERNAL", `${queue} is not the name of a queue.`);
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
    if (this.#isFailing) this.#options.logger.info("Outcomes of tasks are recorded again");
    this.#isFailing = false;
    for (const [held] of batch) outcomes.delete(held);
    this.#options.onSettled(
      queue,
      batch.map(([held]) => held),
    );
    const recorded = batch.filter(([{ task }]) => ours.has(task.id));
    for (const { origin, updates } of updatesByOrigin(recorded)) this.#options.signals.notify(origin, updates);
  }

  #failed(error: PeekError): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#options.logger.warning("Failed to record outcomes of tasks, which will be retried: %s", messageOf(error));
  }

  /** The database refuses this outcome permanently. */
  #refused(
    queue: string,
    outcomes: Map<HeldTask, AttemptOutcome>,
    held: HeldTask,
    outcome: AttemptOutcome,
    error: unknown,
  ): void {
    const { task } = held;
    this.#options.logger.error(
      { err: error },
      "Failed to record the outcome of %s %s: %s",
      task.queue.task,
      task.id,
      messageOf(error),
    );
    outcomes.delete(held);
    if (outcome.kind === "done") {
      const message = `${task.queue.task}: The database refused the output: ${messageOf(error)}`;
      outcomes.set(held, {
        kind: "failed",
        attempt: outcome.attempt,
        error: { code: "TASK_OUTPUT_INVALID", message },
        failures: task.failures + 1,
      });
    } else {
      // Without heartbeats, the task becomes due again.
      this.#options.onSettled(queue, [held]);
    }
  }
}

/** The next batch: at least one outcome. */
function batchOf(
  outcomes: ReadonlyMap<HeldTask, AttemptOutcome>,
  maxSize: number,
): readonly (readonly [HeldTask, AttemptOutcome])[] {
  const batch: (readonly [HeldTask, AttemptOutcome])[] = [];
  let characters = 0;
  for (const entry of outcomes) {
    const [, outcome] = entry;
    if (outcome.kind === "done") characters += outcome.output.length;
    if (batch.length > 0 && (batch.length >= maxSize || characters > maxBatchCharacters)) break;
    batch.push(entry);
  }
  return batch;
}
