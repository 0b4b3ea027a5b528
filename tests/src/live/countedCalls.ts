/** The calls that the handler of a plugin has executed. */
export interface CountedCalls {
  /** How many different numbers. */
  readonly executed: number;
  /** How many of them repeatedly. */
  readonly twice: number;
}

/** `CountedCalls.js` of plugins that count calls. The counts survive the generations of the plugin. */
export const countedCallsModule = `
const counts = (globalThis[Symbol.for("peek test counted calls")] ??= new Map());
export class CountedCalls {
  #seen = new Set();
  #twice = 0;
  static of(plugin) {
    if (!counts.has(plugin)) counts.set(plugin, new CountedCalls());
    return counts.get(plugin);
  }
  add(n) {
    if (this.#seen.has(n)) this.#twice += 1;
    this.#seen.add(n);
    return n;
  }
  report() { return { executed: this.#seen.size, twice: this.#twice }; }
}
`;
