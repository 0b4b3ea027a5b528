import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { enqueueMany } from "../enqueueMany.js";
import { measureEnqueue } from "../measureEnqueue.js";
import { measureHeavy } from "../measureHeavy.js";
import { measureLatency } from "../measureLatency.js";
import { tell } from "../tell.js";
import { NoOp, Spin } from "./contracts.js";
import { readMeasure } from "./readMeasure.js";

/** What the bench's plugin does on logic. */
export class LogicHook extends PluginLogicEntryHookABC {
  load() {}

  start() {
    // When the bench says that all is there.
    process.once("SIGUSR2", () => void this.#measure());
  }

  stop() {}

  unload() {}

  async #measure() {
    const { tasks } = this.platform;
    const { measure, ms, rounds, queued, count, cpuMs } = readMeasure();
    const enqueueAll = (count) =>
      tasks.enqueueAll(
        NoOp,
        Array.from({ length: count }, (_, n) => ({ n })),
      );
    switch (measure) {
      case "enqueue":
        return tell(await measureEnqueue({ enqueue: () => tasks.enqueue(NoOp, { n: 1 }), enqueueAll }, ms));
      case "latency":
        return tell(await measureLatency(() => tasks.run(NoOp, { n: 1 }), rounds));
      case "heavy":
        return tell(await measureHeavy(() => tasks.run(Spin, cpuMs), count));
      default:
        await enqueueMany(enqueueAll, queued);
        return tell({ queued });
    }
  }
}
