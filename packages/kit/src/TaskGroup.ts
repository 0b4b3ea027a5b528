/** Async work in flight, which its owner awaits before it ends. */
export class TaskGroup {
  readonly #tasks = new Set<Promise<void>>();

  /** @param work Must not reject. */
  run(work: () => Promise<void>): void {
    const task = work();
    this.#tasks.add(task);
    void task.finally(() => this.#tasks.delete(task));
  }

  /** Resolves when nothing is in flight, including work that was added meanwhile. */
  async settled(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
  }
}
