/** Selects queues round-robin: plugins alternate, and within a plugin its queues do. */
export class RoundRobin {
  /** The plugin and the queue that were selected least recently come first. */
  readonly #plugins = new Map<string, Set<string>>();

  add(plugin: string, queue: string): void {
    const queues = this.#plugins.get(plugin);
    if (queues === undefined) this.#plugins.set(plugin, new Set([queue]));
    else queues.add(queue);
  }

  remove(plugin: string, queue: string): void {
    const queues = this.#plugins.get(plugin);
    if (queues?.delete(queue) === true && queues.size === 0) this.#plugins.delete(plugin);
  }

  /** Selects the next eligible queue, and moves it and its plugin to the end; undefined when no queue is eligible. */
  next(isEligible: (queue: string) => boolean): string | undefined {
    for (const [plugin, queues] of this.#plugins) {
      for (const queue of queues) {
        if (!isEligible(queue)) continue;
        queues.delete(queue);
        queues.add(queue);
        this.#plugins.delete(plugin);
        this.#plugins.set(plugin, queues);
        return queue;
      }
    }
    return undefined;
  }
}
