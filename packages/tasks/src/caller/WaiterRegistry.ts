import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { decode } from "@peek/plugin-base/contracts";
import type { StoredTask, TaskError } from "../queue/TaskQueue.ts";
import type { TaskUpdate } from "./TaskSignals.ts";
import type { TaskStore } from "./TaskStore.ts";
import { type ProgressListener, TaskWaiter, type WaitOutcome } from "./TaskWaiter.ts";

/** How many tasks one round of polling reads at most. */
const maxReadsPerRound = 500;
/** How often a task is read whose updates go to another process. */
const frequentPollMs = 300;

/** A task that one or more calls wait for. */
interface Entry {
  readonly waiters: Set<TaskWaiter>;
  /** Whether the task is known to be in the database. */
  isQueued: boolean;
  /** When it was last read, or first waited for; by the monotonic clock. */
  readAt: number;
  /** Whether its updates go to another process. */
  isPolledOften: boolean;
}

/**
 * The tasks that this process waits for. Usually their workers report how they ended; a task without a report for a while is read from
 * the database, the one that was read longest ago first.
 */
export class WaiterRegistry implements Disposable {
  readonly #store: TaskStore;
  readonly #pollMs: number;
  readonly #logger: Logger;
  /** By id, ordered by `readAt`. */
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;
  #isPolling = false;
  #isDisposed = false;
  #polledOften = 0;

  /** @param pollMs How long a task has no report before it is read. */
  constructor(store: TaskStore, pollMs: number, logger: Logger) {
    this.#store = store;
    this.#pollMs = pollMs;
    this.#logger = logger;
  }

  /** How many tasks are waited for. */
  get size(): number {
    return this.#entries.size;
  }

  /** Waits for a task, until the waiter is disposed. */
  open(id: string, onProgress: ProgressListener | undefined): TaskWaiter {
    const entry = this.#entries.get(id) ?? newEntry();
    this.#entries.set(id, entry);
    const waiter: TaskWaiter = new TaskWaiter(onProgress, () => {
      entry.waiters.delete(waiter);
      if (entry.waiters.size === 0 && this.#entries.get(id) === entry) {
        this.#entries.delete(id);
        if (entry.isPolledOften) this.#polledOften -= 1;
      }
      this.#schedule();
    });
    entry.waiters.add(waiter);
    this.#schedule();
    return waiter;
  }

  /** The task is in the database: polling includes it from now on. */
  queued(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.isQueued = true;
  }

  /** Polls for a task more often, since another process queued it and gets its updates. */
  pollOften(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.isPolledOften) return;
    entry.isPolledOften = true;
    this.#polledOften += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#schedule();
  }

  /** Takes updates from workers; those of other tasks are ignored. */
  receive(updates: readonly TaskUpdate[]): void {
    for (const update of updates) {
      if (this.#entries.has(update.id)) this.#receive(update);
    }
  }

  /** A task was cancelled. */
  cancelled(id: string): void {
    this.#end(id, { kind: "cancelled" });
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #receive(update: TaskUpdate): void {
    switch (update.kind) {
      case "done":
        if (update.output === undefined) {
          // The update of a fast worker may arrive before the database has answered that the task is queued.
          this.queued(update.id);
          void this.#read(update.id);
        } else this.#end(update.id, { kind: "done", output: update.output });
        return;
      case "failed":
        this.#end(update.id, failed(update.error));
        return;
      case "progress":
        this.#progress(update.id, update.value);
    }
  }

  #progress(id: string, text: string): void {
    const listening = [...(this.#entries.get(id)?.waiters ?? [])].filter(({ wantsProgress }) => wantsProgress);
    if (listening.length === 0) return;
    try {
      const value = decode(text);
      for (const waiter of listening) waiter.progress(value);
    } catch (error) {
      this.#logger.debug("Failed to read the progress of the task %s: %s", id, messageOf(error));
    }
  }

  #end(id: string, outcome: WaitOutcome): void {
    for (const waiter of this.#entries.get(id)?.waiters ?? []) waiter.end(outcome);
  }

  /** Starts the timer when there are tasks to poll for, and stops it when there are none. */
  #schedule(): void {
    if (this.#entries.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined && !this.#isPolling && !this.#isDisposed) {
      this.#timer = setTimeout(
        () => void this.#poll(),
        this.#polledOften > 0 ? Math.min(frequentPollMs, this.#pollMs) : this.#pollMs,
      );
    }
  }

  async #poll(): Promise<void> {
    this.#timer = undefined;
    this.#isPolling = true;
    const now = performance.now();
    const due: string[] = [];
    for (const [id, entry] of this.#entries) {
      if (due.length >= maxReadsPerRound) break;
      // A timer may fire a little early.
      if (entry.readAt > now - (entry.isPolledOften ? frequentPollMs : this.#pollMs) + 1) continue;
      due.push(id);
      entry.readAt = now;
      this.#entries.delete(id);
      this.#entries.set(id, entry);
    }
    await Promise.all(due.map((id) => this.#read(id)));
    this.#isPolling = false;
    this.#schedule();
  }

  async #read(id: string): Promise<void> {
    if (this.#entries.get(id)?.isQueued !== true) return;
    const found = await this.#store.tryInBackground("Failed to read the tasks that are waited for", async () => ({
      stored: await this.#store.read(id),
    }));
    if (found === undefined) return;
    const outcome = waitOutcomeOf(found.stored);
    if (outcome !== undefined) this.#end(id, outcome);
  }
}

function newEntry(): Entry {
  return { waiters: new Set(), isQueued: false, readAt: performance.now(), isPolledOften: false };
}

/** How a task ended, according to the database; undefined while it waits or runs. */
export function waitOutcomeOf(stored: StoredTask | undefined): WaitOutcome | undefined {
  switch (stored?.state) {
    case undefined:
      return { kind: "missing" };
    case "done":
      return { kind: "done", output: stored.output ?? "" };
    case "failed":
      return failed(stored.error ?? { code: "TASK_FAILED", message: "The task failed without an error." });
    case "cancelled":
      return { kind: "cancelled" };
    default:
      return undefined;
  }
}

function failed(error: TaskError): WaitOutcome {
  return { kind: "failed", error };
}
