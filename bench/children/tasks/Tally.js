import { setTimeout as delay } from "node:timers/promises";

/** So many of the last tasks are asked for: those before them were recorded before, or with them. */
const askedFor = 1000;

/**
 * Counts what a worker does: from the beginning of the first task that counts, until it is kept that the last one is done.
 * What is queued besides those is left to the worker.
 */
export class Tally {
  #warmUp;
  #count;
  #begun = 0;
  #since = 0;
  #last = [];
  #finished = Promise.withResolvers();

  /** @param counts How many tasks come before those that count, since the code is not yet warm, and how many count. */
  constructor({ warmUp, count }) {
    this.#warmUp = warmUp;
    this.#count = count;
  }

  /** A task begins. */
  begin = (id) => {
    const begun = (this.#begun += 1);
    if (begun === this.#warmUp + 1) this.#since = performance.now();
    const toGo = this.#warmUp + this.#count - begun;
    if (toGo >= 0 && toGo < askedFor) this.#last.push(id);
    if (toGo === 0) this.#finished.resolve();
  };

  /**
   * @param {(ids: readonly string[]) => Promise<boolean>} areRecorded
   * @returns Tasks in a second, and MiB that the process has then.
   */
  async figures(areRecorded) {
    await this.#finished.promise;
    while (!(await areRecorded(this.#last))) await delay(1);
    const perSecond = (this.#count * 1000) / (performance.now() - this.#since);
    return { perSecond, mebibytes: process.memoryUsage.rss() / 2 ** 20 };
  }
}
