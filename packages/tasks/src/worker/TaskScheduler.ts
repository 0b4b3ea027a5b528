import { type QueueState, type SlotUsage, maxPrefetched, fetchCount, type Weight } from "./QueueState.ts";
import { RoundRobin } from "./RoundRobin.ts";

/** What is asked for next: up to `count` tasks of a queue. */
export interface FetchRequest {
  readonly queue: string;
  readonly count: number;
}

/** What is to be run next. */
export interface NextRun<Item> {
  readonly queue: string;
  readonly item: Item;
}

/** At first a task is thought to take so long; milliseconds. */
const guessMs = 100;
/** How much the last duration counts. */
const newest = 0.1;

/**
 * Which queue is asked next and for how many, and which of the tasks that were taken runs next. Fair: plugins take turns, and the
 * queues of a plugin among themselves; light and heavy tasks have slots of their own. It only decides, and does nothing.
 *
 * @typeParam Item A task that was taken.
 */
export class TaskScheduler<Item> {
  readonly #lines = new Map<string, QueueState<Item>>();
  readonly #slots: Readonly<Record<Weight, number>>;
  readonly #running = { light: 0, heavy: 0 };
  readonly #fetches = new RoundRobin();
  readonly #runs = new RoundRobin();

  /** @param slots How many tasks run at a time. */
  constructor(slots: Readonly<Record<Weight, number>>) {
    this.#slots = slots;
  }

  /** From now on tasks of this queue are taken, once it is known to have some. */
  add(queue: string, { plugin, weight }: { readonly plugin: string; readonly weight: Weight }): void {
    const line = {
      queue,
      plugin,
      weight,
      isReady: false,
      isFetching: false,
      isWoken: false,
      meanMs: guessMs,
      items: new Set<Item>(),
    };
    this.#lines.set(queue, line);
    this.#fetches.add(plugin, queue);
    this.#runs.add(plugin, queue);
  }

  /** Forgets a queue. Returns what was taken out of it and has not begun. */
  remove(queue: string): readonly Item[] {
    const line = this.#lines.get(queue);
    if (line === undefined) return [];
    this.#lines.delete(queue);
    this.#fetches.remove(line.plugin, queue);
    this.#runs.remove(line.plugin, queue);
    return [...line.items];
  }

  /** The queue may have something. */
  markReady(queue: string): void {
    const line = this.#lines.get(queue);
    if (line === undefined) return;
    line.isReady = true;
    if (line.isFetching) line.isWoken = true;
  }

  /** Those of which nobody has said that they have something. */
  idleQueues(): readonly string[] {
    return [...this.#lines.values()].filter((line) => !line.isReady && !line.isFetching).map(({ queue }) => queue);
  }

  /** What to ask for next; it counts as being asked for until {@link fetched} is called. */
  nextFetch(): FetchRequest | undefined {
    const load = { light: this.#load("light"), heavy: this.#load("heavy") };
    let count = 0;
    const queue = this.#fetches.next((queue) => {
      const line = this.#lines.get(queue);
      if (line === undefined || !line.isReady || line.isFetching) return false;
      count = fetchCount(line, load[line.weight]);
      return count > 0;
    });
    const line = queue === undefined ? undefined : this.#lines.get(queue);
    if (line === undefined) return undefined;
    line.isFetching = true;
    line.requested = count;
    return { queue: line.queue, count };
  }

  /**
   * What was asked for has come, or nothing, when it could not be taken.
   *
   * @returns Whether it is kept; not when the queue was removed meanwhile.
   */
  fetched({ queue, count }: FetchRequest, items: readonly Item[]): boolean {
    const line = this.#lines.get(queue);
    if (line === undefined || !line.isFetching) return false;
    line.isReady = line.isWoken || items.length >= count;
    line.isFetching = false;
    line.isWoken = false;
    line.requested = 0;
    for (const item of items) line.items.add(item);
    return true;
  }

  /** What to run next; it has a slot until {@link ended} is called. */
  nextRun(): NextRun<Item> | undefined {
    const queue = this.#runs.next((queue) => {
      const line = this.#lines.get(queue);
      return line !== undefined && line.items.size > 0 && this.#running[line.weight] < this.#slots[line.weight];
    });
    const line = queue === undefined ? undefined : this.#lines.get(queue);
    if (line === undefined) return undefined;
    for (const item of line.items) {
      line.items.delete(item);
      this.#running[line.weight] += 1;
      return { queue: line.queue, item };
    }
    return undefined;
  }

  /** A task has given its slot back. @param ms How long it has had it. */
  ended(queue: string, weight: Weight, ms: number): void {
    this.#running[weight] -= 1;
    const line = this.#lines.get(queue);
    if (line !== undefined) line.meanMs += (ms - line.meanMs) * newest;
  }

  /** Takes a task out that has not begun. Returns whether it was there. */
  drop(queue: string, item: Item): boolean {
    return this.#lines.get(queue)?.items.delete(item) === true;
  }

  /**
   * Takes out what would wait here for long, since tasks of its queue take longer than was thought: the last first.
   *
   * @param slowest How long the slowest task that runs has been running, by queue; milliseconds.
   */
  surplus(slowest: ReadonlyMap<string, number>): readonly NextRun<Item>[] {
    const found: NextRun<Item>[] = [];
    for (const line of this.#lines.values()) {
      const ms = slowest.get(line.queue) ?? 0;
      if (ms <= line.meanMs || line.items.size === 0) continue;
      line.meanMs = ms;
      const kept = Math.max(1, maxPrefetched(ms, this.#load(line.weight)));
      for (const item of [...line.items].slice(kept)) {
        line.items.delete(item);
        found.push({ queue: line.queue, item });
      }
    }
    return found;
  }

  /** How many were taken of a queue that have not begun. */
  waiting(queue: string): number {
    return this.#lines.get(queue)?.items.size ?? 0;
  }

  #load(weight: Weight): SlotUsage {
    let held = 0;
    let lines = 0;
    let waiting = 0;
    for (const line of this.#lines.values()) {
      if (line.weight !== weight) continue;
      const count = line.items.size + (line.isFetching ? (line.requested ?? 0) : 0);
      held += count;
      if (count > 0) waiting += 1;
      if (line.isReady || line.items.size > 0) lines += 1;
    }
    const slots = this.#slots[weight];
    return { slots, lines, waiting, free: Math.max(0, slots - this.#running[weight] - held) };
  }
}
