import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { enqueueMany } from "../enqueueMany.js";
import { measureEnqueue } from "../measureEnqueue.js";
import { measureHeavy } from "../measureHeavy.js";
import { measureLatency } from "../measureLatency.js";
import { report } from "../report.js";
import { NoOp, Spin } from "./contracts.js";
import { readMeasure } from "./readMeasure.js";

/** The bench's plugin on logic. */
export class LogicHook extends PluginLogicEntryHookABC {
  load() {}

  start() {
    // The bench signals when all services are ready.
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
        return report(await measureEnqueue({ enqueue: () => tasks.enqueue(NoOp, { n: 1 }), enqueueAll }, ms));
      case "latency":
        return report(await measureLatency(() => tasks.run(NoOp, { n: 1 }), rounds));
      case "heavy":
        return report(await measureHeavy(() => tasks.run(Spin, cpuMs), count));
      default:
        await enqueueMany(enqueueAll, queued);
        return report({ queued });
    }
  }
}
