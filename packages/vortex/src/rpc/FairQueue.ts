/** Items that wait for their turn: in order within each line, and the lines take turns. */
export class FairQueue<Line, Item> {
  /** The lines that have items, the one whose turn it is first. */
  readonly #lines = new Map<Line, Set<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Those for whom something waits. */
  lines(): Iterable<Line> {
    return this.#lines.keys();
  }

  push(line: Line, item: Item): void {
    const items = this.#lines.get(line);
    if (items === undefined) this.#lines.set(line, new Set([item]));
    else items.add(item);
    this.#size += 1;
  }

  /** Takes the item whose turn it is. */
  take(): Item | undefined {
    for (const [line, items] of this.#lines) {
      for (const item of items) {
        this.delete(line, item);
        // To the end, when there is more in it.
        if (this.#lines.delete(line)) this.#lines.set(line, items);
        return item;
      }
    }
    return undefined;
  }

  /** Takes an item out. Returns whether it was there. */
  delete(line: Line, item: Item): boolean {
    const items = this.#lines.get(line);
    if (items === undefined || !items.delete(item)) return false;
    this.#size -= 1;
    if (items.size === 0) this.#lines.delete(line);
    return true;
  }

  /**
   * Makes room for one of a line, where another line has at least two more: takes the last of the longest out. So nobody can
   * fill the queue for all.
   */
  evictFor(line: Line): Item | undefined {
    let longest: readonly [Line, Set<Item>] | undefined;
    for (const entry of this.#lines) if (longest === undefined || entry[1].size > longest[1].size) longest = entry;
    if (longest === undefined || longest[1].size < (this.#lines.get(line)?.size ?? 0) + 2) return undefined;
    const last = [...longest[1]].at(-1);
    if (last !== undefined) this.delete(longest[0], last);
    return last;
  }
}
