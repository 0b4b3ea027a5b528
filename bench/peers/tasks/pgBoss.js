import { PgBoss } from "pg-boss";
import pg from "pg";
import { DoneListener } from "./doneListener.js";

const name = "noop";

async function open({ connectUrl, useListenNotify = false }) {
  const boss = new PgBoss({ connectionString: connectUrl, max: 10, useListenNotify });
  boss.on("error", console.error);
  await boss.start();
  return boss;
}

export async function openProducer(argument) {
  const boss = await open(argument);
  await boss.createQueue(name, { notify: argument.useListenNotify ?? false });
  const listener = new DoneListener(argument.connectUrl);
  return {
    enqueue: () => boss.send(name, { n: 1 }),
    enqueueAll: (count) =>
      boss.insert(
        name,
        Array.from({ length: count }, (_, n) => ({ data: { n } })),
      ),
    follow: () => listener.open({ on: "update on pgboss.job", row: "new.id", when: "new.state = 'completed'" }),
    run: async () => listener.done(await boss.send(name, { n: 1 })),
  };
}

export async function startWorker(argument, begin) {
  const boss = await open(argument);
  await boss.createQueue(name, { notify: argument.useListenNotify ?? false });
  await boss.work(name, argument.work, async (jobs) => {
    for (const { id } of jobs) begin(id);
    return 1;
  });
  const client = new pg.Client({ connectionString: argument.connectUrl });
  await client.connect();
  const text = `select exists (select from pgboss.job where name = $1 and id = any ($2) and state <> 'completed') as open`;
  return { areRecorded: async (ids) => !(await client.query(text, [name, ids])).rows[0].open };
}
