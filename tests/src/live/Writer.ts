import type pg from "pg";
import { itemTable } from "./loadPlugin.ts";

/** How often it looks how many changes are due; milliseconds. */
const stepMs = 5;

/** Now, by the machine's clock; milliseconds, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Changes rows, one in a transaction, at a rate: as another program would that uses the database. */
export class Writer {
  readonly #db: pg.Pool;
  readonly #rows: number;
  #written = 0;
  #running: Promise<void> | undefined;
  #isStopped = false;

  /** @param rows How many there are. */
  constructor(db: pg.Pool, rows: number) {
    this.#db = db;
    this.#rows = rows;
  }

  /** How many changes were committed. */
  get written(): number {
    return this.#written;
  }

  /** Changes a row. */
  async write(id: number): Promise<void> {
    await this.#db.query(`UPDATE ${itemTable} SET value = value + 1, at = $2 WHERE id = $1`, [id, now()]);
    this.#written += 1;
  }

  /** @param perSecond How many changes, as far as the database takes them. */
  start(perSecond: number): void {
    this.#isStopped = false;
    this.#running = this.#run(perSecond);
  }

  /** Returns how many a second there were. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(perSecond: number): Promise<void> {
    const began = performance.now();
    let begun = 0;
    const underWay = new Set<Promise<void>>();
    while (!this.#isStopped) {
      const due = Math.min(((performance.now() - began) / 1000) * perSecond, begun + 50);
      for (; begun < due; begun += 1) {
        const writing = this.write(begun % this.#rows);
        underWay.add(writing);
        void writing.finally(() => underWay.delete(writing));
      }
      while (underWay.size > 100) await Promise.race(underWay);
      await new Promise((resolve) => setTimeout(resolve, stepMs));
    }
    await Promise.all(underWay);
  }
}
