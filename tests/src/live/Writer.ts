import type pg from "pg";
import { itemTable } from "./loadPlugin.ts";

/** The time between two checks for due changes. */
const stepMs = 5;

/** The time of the machine's clock in milliseconds, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Changes rows at a rate, one in each transaction, like another program that uses the database. */
export class Writer implements AsyncDisposable {
  readonly #db: pg.Pool;
  readonly #rows: number;
  #written = 0;
  #running: Promise<void> | undefined;
  #isStopped = false;

  /** @param rows The number of rows. */
  constructor(db: pg.Pool, rows: number) {
    this.#db = db;
    this.#rows = rows;
  }

  /** The number of committed changes. */
  get written(): number {
    return this.#written;
  }

  /** Changes a row. */
  async write(id: number): Promise<void> {
    await this.#db.query(`UPDATE ${itemTable} SET value = value + 1, at = $2 WHERE id = $1`, [id, now()]);
    this.#written += 1;
  }

  /** @param perSecond The rate of changes, if the database is fast enough. */
  start(perSecond: number): void {
    this.#isStopped = false;
    this.#running = this.#run(perSecond);
  }

  /** Returns the actual rate per second. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
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
