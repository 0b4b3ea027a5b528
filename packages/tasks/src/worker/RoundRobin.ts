/** Whose turn it is: plugins take turns, and within each its queues. */
export class RoundRobin {
  /** The one whose turn it is first. */
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

  /** The first queue that is ready; it and its plugin have had their turn then. */
  next(isReady: (queue: string) => boolean): string | undefined {
    for (const [plugin, queues] of this.#plugins) {
      for (const queue of queues) {
        if (!isReady(queue)) continue;
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
