import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { decode } from "@peek/plugin-base/contracts";
import type { StoredTask, TaskError } from "../queue/TaskQueue.ts";
import type { TaskDesk } from "./TaskDesk.ts";
import type { TaskNews } from "./TaskNews.ts";
import { type OnProgress, type Outcome, Wait } from "./Wait.ts";

/** How many tasks are looked up in one round of the net. */
const mostLooks = 500;
/** How often tasks are looked up of which another process is told what becomes of them; milliseconds. */
const unheardMs = 300;

/** A task that is waited for, once or more often. */
interface Entry {
  readonly waits: Set<Wait>;
  /** Whether it is known to be in the database. */
  isQueued: boolean;
  /** When it was last looked up, or first waited for; by the monotonic clock. */
  seenAt: number;
  /** Whether nobody tells this process of it. */
  isUnheard: boolean;
}

/**
 * The tasks that this process waits for. Mostly their workers tell what has become of them; what was not told for a while is looked
 * up in the database, those first that were not for the longest.
 */
export class Waits implements Disposable {
  readonly #desk: TaskDesk;
  readonly #netMs: number;
  readonly #logger: Logger;
  /** By id; those first that were not looked up for the longest. */
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isOver = false;
  #unheard = 0;

  /** @param netMs How long a task is not heard of before it is looked up; milliseconds. */
  constructor(desk: TaskDesk, netMs: number, logger: Logger) {
    this.#desk = desk;
    this.#netMs = netMs;
    this.#logger = logger;
  }

  /** How many tasks are waited for. */
  get size(): number {
    return this.#entries.size;
  }

  /** Waits for a task, until the wait is disposed. */
  open(id: string, onProgress: OnProgress | undefined): Wait {
    const entry = this.#entries.get(id) ?? newEntry();
    this.#entries.set(id, entry);
    const wait: Wait = new Wait(onProgress, () => {
      entry.waits.delete(wait);
      if (entry.waits.size === 0 && this.#entries.get(id) === entry) {
        this.#entries.delete(id);
        if (entry.isUnheard) this.#unheard -= 1;
      }
      this.#schedule();
    });
    entry.waits.add(wait);
    this.#schedule();
    return wait;
  }

  /** A task is in the database: from now on it is looked up there. */
  queued(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.isQueued = true;
  }

  /** What becomes of a task is told to another process than this: it is looked up often. */
  unheard(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.isUnheard) return;
    entry.isUnheard = true;
    this.#unheard += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#schedule();
  }

  /** What workers tell, of whatever tasks. */
  hear(news: readonly TaskNews[]): void {
    for (const each of news) {
      if (this.#entries.has(each.id)) this.#hear(each);
    }
  }

  /** A task was taken back. */
  cancelled(id: string): void {
    this.#end(id, { kind: "cancelled" });
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #hear(news: TaskNews): void {
    switch (news.kind) {
      case "done":
        if (news.output === undefined) {
          // A quick worker may tell of it before the database has said that it was queued.
          this.queued(news.id);
          void this.#look(news.id);
        } else this.#end(news.id, { kind: "done", output: news.output });
        return;
      case "failed":
        this.#end(news.id, failed(news.error));
        return;
      case "progress":
        this.#progress(news.id, news.value);
    }
  }

  #progress(id: string, text: string): void {
    const listening = [...(this.#entries.get(id)?.waits ?? [])].filter(({ isFollowed }) => isFollowed);
    if (listening.length === 0) return;
    try {
      const value = decode(text);
      for (const wait of listening) wait.progress(value);
    } catch (error) {
      this.#logger.debug("What task %s tells of its progress cannot be read: %s", id, messageOf(error));
    }
  }

  #end(id: string, outcome: Outcome): void {
    for (const wait of this.#entries.get(id)?.waits ?? []) wait.end(outcome);
  }

  /** The timer runs while there is something to look up. */
  #schedule(): void {
    if (this.#entries.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined && !this.#isLooking && !this.#isOver) {
      this.#timer = setTimeout(
        () => void this.#round(),
        this.#unheard > 0 ? Math.min(unheardMs, this.#netMs) : this.#netMs,
      );
    }
  }

  async #round(): Promise<void> {
    this.#timer = undefined;
    this.#isLooking = true;
    const now = performance.now();
    const due: string[] = [];
    for (const [id, entry] of this.#entries) {
      if (due.length >= mostLooks) break;
      // A timer may be a little early.
      if (entry.seenAt > now - (entry.isUnheard ? unheardMs : this.#netMs) + 1) continue;
      due.push(id);
      entry.seenAt = now;
      this.#entries.delete(id);
      this.#entries.set(id, entry);
    }
    await Promise.all(due.map((id) => this.#look(id)));
    this.#isLooking = false;
    this.#schedule();
  }

  async #look(id: string): Promise<void> {
    if (this.#entries.get(id)?.isQueued !== true) return;
    const found = await this.#desk.attempt("Tasks that are waited for cannot be looked up", async () => ({
      stored: await this.#desk.read(id),
    }));
    if (found === undefined) return;
    const outcome = outcomeOf(found.stored);
    if (outcome !== undefined) this.#end(id, outcome);
  }
}

function newEntry(): Entry {
  return { waits: new Set(), isQueued: false, seenAt: performance.now(), isUnheard: false };
}

/** What has become of a task, as the database has it; undefined while it is still to be done. */
export function outcomeOf(stored: StoredTask | undefined): Outcome | undefined {
  switch (stored?.state) {
    case undefined:
      return { kind: "gone" };
    case "done":
      return { kind: "done", output: stored.output ?? "" };
    case "failed":
      return failed(stored.error ?? { code: "TASK_FAILED", message: "It has failed, and did not say why." });
    case "cancelled":
      return { kind: "cancelled" };
    default:
      return undefined;
  }
}

function failed(error: TaskError): Outcome {
  return { kind: "failed", error };
}
