import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";
import { DoneListener } from "./doneListener.js";

const task = "noop";
const common = ({ connectUrl }) => ({
  connectionString: connectUrl,
  // As many connections as the others have.
  maxPoolSize: 10,
  logger: new Logger(() => () => undefined),
});

export async function openProducer(argument) {
  const utils = await makeWorkerUtils(common(argument));
  await utils.migrate();
  const listener = new DoneListener(argument.connectUrl);
  return {
    enqueue: () => utils.addJob(task, { n: 1 }),
    enqueueAll: (count) => utils.addJobs(Array.from({ length: count }, (_, n) => ({ identifier: task, payload: { n } }))),
    // What is done is deleted.
    follow: () => listener.open({ on: "delete on graphile_worker._private_jobs", row: "old.id" }),
    run: async () => listener.done((await utils.addJob(task, { n: 1 })).id),
  };
}

export async function startWorker(argument, begin) {
  await run({
    ...common(argument),
    preset: { worker: { concurrentJobs: argument.concurrency, ...argument.preset } },
    noHandleSignals: true,
    taskList: { [task]: (_payload, { job }) => begin(job.id) },
  });
  const client = new pg.Client({ connectionString: argument.connectUrl });
  await client.connect();
  const text = `select exists (select from graphile_worker._private_jobs where id = any ($1)) as open`;
  return { areRecorded: async (ids) => !(await client.query(text, [ids])).rows[0].open };
}
