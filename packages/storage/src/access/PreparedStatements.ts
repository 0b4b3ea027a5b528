/** A statement is prepared when it is run so many times on a connection: most texts come only once. */
const preparedAtUse = 3;
/** How many a connection has at most: the server keeps a plan of each in its memory. */
const mostPrepared = 64;
/** How many texts are counted; then it begins anew. */
const mostCounted = 512;

/**
 * Which statements a connection has prepared: those that it is asked for again and again, which the server then neither
 * parses nor, mostly, plans again. That is a third of the time of a short one.
 */
export class PreparedStatements {
  readonly #uses = new Map<string, number>();
  #names = new Map<string, string | undefined>();
  #made = 0;

  /** The name by which to run a statement; undefined: without one. It is about to be run. */
  nameFor(sql: string): string | undefined {
    const name = this.#names.get(sql);
    if (name !== undefined || this.#names.has(sql) || this.#names.size >= mostPrepared) return name;
    const uses = (this.#uses.get(sql) ?? 0) + 1;
    if (uses < preparedAtUse) {
      if (this.#uses.size >= mostCounted) this.#uses.clear();
      this.#uses.set(sql, uses);
      return undefined;
    }
    this.#uses.delete(sql);
    this.#made += 1;
    const made = `peek_${this.#made}`;
    this.#names.set(sql, made);
    return made;
  }

  /** A statement is of no more use as it was prepared; from now on it is run without a name. */
  refuse(sql: string): void {
    this.#names.set(sql, undefined);
  }

  /** The server has none any more. Their names are not used again: `pg` still believes them to be there. */
  forgetAll(): void {
    this.#names = new Map();
  }
}
