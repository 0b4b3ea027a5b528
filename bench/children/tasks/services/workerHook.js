import { defineTaskHandler, PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";
import pg from "pg";
import { Tally } from "../Tally.js";
import { tell } from "../tell.js";
import { NoOp } from "./contracts.js";
import { readMeasure } from "./readMeasure.js";
import spinHandler from "./spinHandler.js";

/** What the bench's plugin does on the worker. */
export class WorkerHook extends PluginWorkerEntryHookABC {
  load() {}

  async start() {
    const { tasks } = this.platform;
    const { measure, counts, connectUrl } = readMeasure();
    let begin = () => undefined;
    if (measure === "throughput") {
      const tally = new Tally(counts);
      begin = tally.begin;
      void tally.figures(await recordsOf(connectUrl)).then(tell);
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

/** @returns What says whether the database has it that tasks are done. */
async function recordsOf(connectUrl) {
  const client = new pg.Client({ connectionString: connectUrl });
  await client.connect();
  const text = `select exists (
    select from peek_tasks.job where name like $1 and id = any ($2) and state <> 'completed') as open`;
  return async (ids) => !(await client.query(text, [`${NoOp.name}.%`, ids])).rows[0].open;
}
