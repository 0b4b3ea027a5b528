import type { Worker } from "node:worker_threads";

/** How often a thread is looked at; milliseconds. */
const everyMs = 25;
/** For so many looks it has to be over what it may have: what was not collected yet is no use of memory, but counted. */
const looks = 20;
/** What a thread has before any task; MiB. */
const ownMb = 32;
const mib = 1024 * 1024;

/** A thread that is looked at. */
export interface MonitoredThread {
  readonly thread: Worker;
  /** What its task may have; MiB. */
  readonly limitMb: number;
  /** Called once, when it has more. */
  readonly onExceeded: (usedMb: number) => void;
}

interface State {
  /** How often in a row it was over. */
  over: number;
  asking: boolean;
}

/** Looks how much memory threads use that have run for a while: heap and buffers, which V8's own limit leaves out. */
export class MemoryMonitor implements Disposable {
  readonly #watched = new Map<MonitoredThread, State>();
  #timer: NodeJS.Timeout | undefined;

  add(watched: MonitoredThread): void {
    this.#watched.set(watched, { over: 0, asking: false });
    this.#timer ??= setInterval(() => this.#look(), everyMs).unref();
  }

  delete(watched: MonitoredThread): void {
    this.#watched.delete(watched);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#watched.clear();
  }

  #look(): void {
    if (this.#watched.size === 0) return this[Symbol.dispose]();
    for (const [watched, state] of this.#watched) if (!state.asking) void this.#ask(watched, state);
  }

  /** Never fails. */
  async #ask(watched: MonitoredThread, state: State): Promise<void> {
    state.asking = true;
    try {
      // It answers as soon as it is back from native code.
      const { used_heap_size: heap, external_memory: buffers } = await watched.thread.getHeapStatistics();
      state.asking = false;
      this.#looked(watched, state, (heap + buffers) / mib - ownMb);
    } catch {
      // It has not begun yet; or it has ended, and whoever watched it says so.
      state.asking = false;
    }
  }

  #looked(watched: MonitoredThread, state: State, usedMb: number): void {
    const { limitMb, onExceeded } = watched;
    state.over = usedMb > limitMb ? state.over + 1 : 0;
    const farOver = usedMb > limitMb + Math.min(limitMb, 768) + 64;
    if ((!farOver && state.over < looks) || !this.#watched.delete(watched)) return;
    onExceeded(Math.round(usedMb));
  }
}
