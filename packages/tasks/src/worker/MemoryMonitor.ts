import type { Worker } from "node:worker_threads";

/** The interval of measurements. */
const intervalMs = 25;
/** How many measurements in a row have to exceed the limit: garbage that is not collected yet counts, but is not in use. */
const maxExceeded = 20;
/** The memory of a thread without a task. */
const baseMb = 32;
const mib = 1024 * 1024;

/** A thread to monitor. */
export interface MonitoredThread {
  readonly thread: Worker;
  /** The limit of its task. */
  readonly limitMb: number;
  /** Called once, when the task exceeds the limit. */
  readonly onExceeded: (usedMb: number) => void;
}

interface State {
  /** How many measurements in a row exceeded the limit. */
  exceeded: number;
  isMeasuring: boolean;
}

/** Monitors the memory of threads: their heaps, and their buffers, which V8's own limit does not include. */
export class MemoryMonitor implements Disposable {
  readonly #watched = new Map<MonitoredThread, State>();
  #timer: NodeJS.Timeout | undefined;

  add(watched: MonitoredThread): void {
    this.#watched.set(watched, { exceeded: 0, isMeasuring: false });
    this.#timer ??= setInterval(() => this.#measureAll(), intervalMs).unref();
  }

  delete(watched: MonitoredThread): void {
    this.#watched.delete(watched);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#watched.clear();
  }

  #measureAll(): void {
    if (this.#watched.size === 0) return this[Symbol.dispose]();
    for (const [watched, state] of this.#watched) if (!state.isMeasuring) void this.#measure(watched, state);
  }

  /** Never rejects. */
  async #measure(watched: MonitoredThread, state: State): Promise<void> {
    state.isMeasuring = true;
    try {
      // A thread that runs native code answers afterwards.
      const { used_heap_size: heap, external_memory: buffers } = await watched.thread.getHeapStatistics();
      state.isMeasuring = false;
      this.#judge(watched, state, (heap + buffers) / mib - baseMb);
    } catch {
      // The thread has not started yet, or has ended.
      state.isMeasuring = false;
    }
  }

  #judge(watched: MonitoredThread, state: State, usedMb: number): void {
    const { limitMb, onExceeded } = watched;
    state.exceeded = usedMb > limitMb ? state.exceeded + 1 : 0;
    const isFarExceeded = usedMb > limitMb + Math.min(limitMb, 768) + 64;
    if ((!isFarExceeded && state.exceeded < maxExceeded) || !this.#watched.delete(watched)) return;
    onExceeded(Math.round(usedMb));
  }
}
