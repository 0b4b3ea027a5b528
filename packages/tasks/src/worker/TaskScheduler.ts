import { fetchCount, prefetchLimit, type QueueState, type SlotUsage, type Weight } from "./QueueState.ts";
import { RoundRobin } from "./RoundRobin.ts";

/** The next fetch: up to `count` tasks of a queue. */
export interface FetchRequest {
  readonly queue: string;
  readonly count: number;
}

/** A fetched task with its queue. */
export interface QueuedItem<Item> {
  readonly queue: string;
  readonly item: Item;
}

/** The assumed duration of a task before the first one of its queue has run. */
const initialMeanMs = 100;
/** The weight of the latest duration in the moving average. */
const latestShare = 0.1;

/**
 * Decides which queue is fetched next and how much, and which of the fetched tasks runs next. Fair: plugins alternate, and so do the
 * queues of a plugin; light and heavy tasks have slots of their own. It has no effects.
 *
 * @typeParam Item A fetched task.
 */
export class TaskScheduler<Item> {
  readonly #queues = new Map<string, QueueState<Item>>();
  readonly #slots: Readonly<Record<Weight, number>>;
  readonly #running = { light: 0, heavy: 0 };
  readonly #fetchOrder = new RoundRobin();
  readonly #runOrder = new RoundRobin();

  /** @param slots How many tasks of each weight run at a time. */
  constructor(slots: Readonly<Record<Weight, number>>) {
    this.#slots = slots;
  }

  /** Adds a queue. Its tasks are fetched once it is marked as ready. */
  add(queue: string, { plugin, weight }: { readonly plugin: string; readonly weight: Weight }): void {
    this.#queues.set(queue, {
      queue,
      plugin,
      weight,
      isReady: false,
      isFetching: false,
      isWoken: false,
      meanMs: initialMeanMs,
      prefetched: new Set<Item>(),
    });
    this.#fetchOrder.add(plugin, queue);
    this.#runOrder.add(plugin, queue);
  }

  /** Removes a queue. Returns its prefetched tasks. */
  remove(queue: string): readonly Item[] {
    const state = this.#queues.get(queue);
    if (state === undefined) return [];
    this.#queues.delete(queue);
    this.#fetchOrder.remove(state.plugin, queue);
    this.#runOrder.remove(state.plugin, queue);
    return [...state.prefetched];
  }

  /** The queue may have due tasks. */
  markReady(queue: string): void {
    const state = this.#queues.get(queue);
    if (state === undefined) return;
    state.isReady = true;
    if (state.isFetching) state.isWoken = true;
  }

  /** The queues that are neither ready nor being fetched. */
  idleQueues(): readonly string[] {
    return [...this.#queues.values()].filter((state) => !state.isReady && !state.isFetching).map(({ queue }) => queue);
  }

  /** The next fetch; undefined when there is nothing to fetch. The queue counts as being fetched until {@link fetched} is called. */
  nextFetch(): FetchRequest | undefined {
    const usage = { light: this.#usage("light"), heavy: this.#usage("heavy") };
    let count = 0;
    const queue = this.#fetchOrder.next((queue) => {
      const state = this.#queues.get(queue);
      if (state === undefined || !state.isReady || state.isFetching) return false;
      count = fetchCount(state, usage[state.weight]);
      return count > 0;
    });
    const state = queue === undefined ? undefined : this.#queues.get(queue);
    if (state === undefined) return undefined;
    state.isFetching = true;
    state.requested = count;
    return { queue: state.queue, count };
  }

  /**
   * Takes the result of a fetch; no items when it failed.
   *
   * @returns false when the queue was removed meanwhile, so that the items are not kept.
   */
  fetched({ queue, count }: FetchRequest, items: readonly Item[]): boolean {
    const state = this.#queues.get(queue);
    if (state === undefined || !state.isFetching) return false;
    state.isReady = state.isWoken || items.length >= count;
    state.isFetching = false;
    state.isWoken = false;
    state.requested = 0;
    for (const item of items) state.prefetched.add(item);
    return true;
  }

  /** The next task to run; undefined when there is none or no free slot. It has a slot until {@link ended} is called. */
  nextRun(): QueuedItem<Item> | undefined {
    const queue = this.#runOrder.next((queue) => {
      const state = this.#queues.get(queue);
      return (
        state !== undefined && state.prefetched.size > 0 && this.#running[state.weight] < this.#slots[state.weight]
      );
    });
    const state = queue === undefined ? undefined : this.#queues.get(queue);
    if (state === undefined) return undefined;
    for (const item of state.prefetched) {
      state.prefetched.delete(item);
      this.#running[state.weight] += 1;
      return { queue: state.queue, item };
    }
    return undefined;
  }

  /** Releases the slot of a task. @param ms How long the task has had it. */
  ended(queue: string, weight: Weight, ms: number): void {
    this.#running[weight] -= 1;
    const state = this.#queues.get(queue);
    if (state !== undefined) state.meanMs += (ms - state.meanMs) * latestShare;
  }

  /** Removes a prefetched task. Returns whether it was there. */
  drop(queue: string, item: Item): boolean {
    return this.#queues.get(queue)?.prefetched.delete(item) === true;
  }

  /**
   * Removes prefetched tasks that would wait long, since the tasks of their queue take longer than expected: the last ones first.
   *
   * @param longestMs How long the longestMs running task has been running, by queue.
   */
  surplus(longestMs: ReadonlyMap<string, number>): readonly QueuedItem<Item>[] {
    const found: QueuedItem<Item>[] = [];
    for (const state of this.#queues.values()) {
      const ms = longestMs.get(state.queue) ?? 0;
      if (ms <= state.meanMs || state.prefetched.size === 0) continue;
      state.meanMs = ms;
      const kept = Math.max(1, prefetchLimit(ms, this.#usage(state.weight)));
      for (const item of [...state.prefetched].slice(kept)) {
        state.prefetched.delete(item);
        found.push({ queue: state.queue, item });
      }
    }
    return found;
  }

  /** How many tasks of a queue are prefetched. */
  waiting(queue: string): number {
    return this.#queues.get(queue)?.prefetched.size ?? 0;
  }

  #usage(weight: Weight): SlotUsage {
    let held = 0;
    let queues = 0;
    let waiting = 0;
    for (const state of this.#queues.values()) {
      if (state.weight !== weight) continue;
      const count = state.prefetched.size + (state.isFetching ? (state.requested ?? 0) : 0);
      held += count;
      if (count > 0) waiting += 1;
      if (state.isReady || state.prefetched.size > 0) queues += 1;
    }
    const slots = this.#slots[weight];
    return { slots, queues, waiting, free: Math.max(0, slots - this.#running[weight] - held) };
  }
}
