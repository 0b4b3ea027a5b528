/** A statement is prepared at this use on a connection: most texts come only once. */
const preparedAtUse = 3;
/** The maximum per connection: the server keeps a plan of each in its memory. */
const maxPrepared = 64;
/** The maximum number of texts that are counted; then the counts start over. */
const maxCounted = 512;

/**
 * Decides which statements a connection prepares: those that it runs repeatedly, which the server then neither parses
 * nor, mostly, plans again. That saves a third of the time of a short statement.
 */
export class PreparedStatements {
  readonly #uses = new Map<string, number>();
  #names = new Map<string, string | undefined>();
  #lastNumber = 0;

  /** Counts a use of a statement. @returns The name under which to run it; undefined: it is not prepared. */
  nameFor(sql: string): string | undefined {
    const name = this.#names.get(sql);
    if (name !== undefined || this.#names.has(sql) || this.#names.size >= maxPrepared) return name;
    const uses = (this.#uses.get(sql) ?? 0) + 1;
    if (uses < preparedAtUse) {
      if (this.#uses.size >= maxCounted) this.#uses.clear();
      this.#uses.set(sql, uses);
      return undefined;
    }
    this.#uses.delete(sql);
    this.#lastNumber += 1;
    const newName = `peek_${this.#lastNumber}`;
    this.#names.set(sql, newName);
    return newName;
  }

  /** Runs a statement without preparing it from now on. */
  disable(sql: string): void {
    this.#names.set(sql, undefined);
  }

  /** The server has forgotten all of them. Their names are not used again: `pg` assumes that they still exist. */
  reset(): void {
    this.#names = new Map();
  }
}
