import { setTimeout as delay } from "node:timers/promises";

/** The number of last tasks whose records are checked: earlier tasks were recorded before, or with them. */
const checkedCount = 1000;

/**
 * Measures the throughput of a worker: from the begin of the first counted task until the last one is recorded.
 * The worker may have further tasks.
 */
export class ThroughputMeter {
  #warmUp;
  #count;
  #begun = 0;
  #since = 0;
  #last = [];
  #finished = Promise.withResolvers();

  /** @param counts The number of tasks to warm up, and of the counted ones after them. */
  constructor({ warmUp, count }) {
    this.#warmUp = warmUp;
    this.#count = count;
  }

  /** Has to be called when a task begins. */
  begin = (id) => {
    const begun = (this.#begun += 1);
    if (begun === this.#warmUp + 1) this.#since = performance.now();
    const toGo = this.#warmUp + this.#count - begun;
    if (toGo >= 0 && toGo < checkedCount) this.#last.push(id);
    if (toGo === 0) this.#finished.resolve();
  };

  /**
   * @param {(ids: readonly string[]) => Promise<boolean>} areRecorded
   * @returns Tasks per second, and the MiB of the process afterwards.
   */
  async figures(areRecorded) {
    await this.#finished.promise;
    while (!(await areRecorded(this.#last))) await delay(1);
    const perSecond = (this.#count * 1000) / (performance.now() - this.#since);
    return { perSecond, mebibytes: process.memoryUsage.rss() / 2 ** 20 };
  }
}
