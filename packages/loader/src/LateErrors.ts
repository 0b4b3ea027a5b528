/** How often a plugin that has ended is told of again; milliseconds. */
const quietMs = 60_000;

/** Keeps a plugin that goes on throwing after its end from filling the log. */
export class LateErrors {
  readonly #told = new Map<string, { at: number; untold: number }>();

  /**
   * Counts an error.
   *
   * @returns How many were kept back since the last that was told, or undefined when this one is to be kept back too.
   */
  count(pluginName: string, now: number = performance.now()): number | undefined {
    const before = this.#told.get(pluginName);
    if (before !== undefined && now - before.at < quietMs) {
      before.untold += 1;
      return undefined;
    }
    this.#told.set(pluginName, { at: now, untold: 0 });
    return before?.untold ?? 0;
  }
}
