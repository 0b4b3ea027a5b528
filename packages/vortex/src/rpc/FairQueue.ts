/** A queue of several lanes: the items of one lane keep their order, and the lanes take turns (round robin). */
export class FairQueue<Lane, Item> {
  /** The lanes that have items, the next one first. */
  readonly #lanes = new Map<Lane, Set<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The lanes that have items. */
  lanes(): Iterable<Lane> {
    return this.#lanes.keys();
  }

  push(lane: Lane, item: Item): void {
    const items = this.#lanes.get(lane);
    if (items === undefined) this.#lanes.set(lane, new Set([item]));
    else items.add(item);
    this.#size += 1;
  }

  /** Removes and returns the next item. */
  take(): Item | undefined {
    for (const [lane, items] of this.#lanes) {
      for (const item of items) {
        this.delete(lane, item);
        // A lane that still has items moves to the end.
        if (this.#lanes.delete(lane)) this.#lanes.set(lane, items);
        return item;
      }
    }
    return undefined;
  }

  /** Removes an item. Returns whether it was queued. */
  delete(lane: Lane, item: Item): boolean {
    const items = this.#lanes.get(lane);
    if (items === undefined || !items.delete(item)) return false;
    this.#size -= 1;
    if (items.size === 0) this.#lanes.delete(lane);
    return true;
  }

  /**
   * Evicts the last item of the longest lane, if that lane has at least two items more than the given one. So no lane can keep
   * the others out of a full queue.
   *
   * @returns The evicted item; undefined when there is no such lane.
   */
  evictFor(lane: Lane): Item | undefined {
    let longest: readonly [Lane, Set<Item>] | undefined;
    for (const entry of this.#lanes) if (longest === undefined || entry[1].size > longest[1].size) longest = entry;
    if (longest === undefined || longest[1].size < (this.#lanes.get(lane)?.size ?? 0) + 2) return undefined;
    const last = [...longest[1]].at(-1);
    if (last !== undefined) this.delete(longest[0], last);
    return last;
  }
}
