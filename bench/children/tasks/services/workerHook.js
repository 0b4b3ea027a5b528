import { defineTaskHandler, PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";
import pg from "pg";
import { ThroughputMeter } from "../ThroughputMeter.js";
import { report } from "../report.js";
import { NoOp } from "./contracts.js";
import { readMeasure } from "./readMeasure.js";
import spinHandler from "./spinHandler.js";

/** The bench's plugin on the worker. */
export class WorkerHook extends PluginWorkerEntryHookABC {
  load() {}

  async start() {
    const { tasks } = this.platform;
    const { measure, counts, connectUrl } = readMeasure();
    let begin = () => undefined;
    if (measure === "throughput") {
      const meter = new ThroughputMeter(counts);
      begin = meter.begin;
      void meter.figures(await recordsOf(connectUrl)).then(report);
    }
    const noOp = ({ n }, { id }) => {
      begin(id);
      return n;
    };
    await tasks.handle(spinHandler);
    await tasks.handle(defineTaskHandler(import.meta, NoOp, noOp));
  }

  stop() {}

  unload() {}
}

/** @returns A function that checks in the database whether tasks are done. */
async function recordsOf(connectUrl) {
  const client = new pg.Client({ connectionString: connectUrl });
  await client.connect();
  const text = `select exists (
    select from peek_tasks.job where name like $1 and id = any ($2) and state <> 'completed') as open`;
  return async (ids) => !(await client.query(text, [`${NoOp.name}.%`, ids])).rows[0].open;
}
