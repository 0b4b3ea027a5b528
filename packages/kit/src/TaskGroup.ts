/** Work under way that nobody waits for until all is to end. */
export class TaskGroup {
  readonly #tasks = new Set<Promise<void>>();

  /** @param work Must not fail. */
  run(work: () => Promise<void>): void {
    const task = work();
    this.#tasks.add(task);
    void task.finally(() => this.#tasks.delete(task));
  }

  /** Settles when there is none. */
  async settled(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
  }
}
