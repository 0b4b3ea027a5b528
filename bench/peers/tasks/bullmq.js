import { Queue, QueueEvents, Worker } from "bullmq";

const name = "noop";

export async function openProducer({ redisPort }) {
  const connection = { host: "127.0.0.1", port: redisPort };
  const queue = new Queue(name, { connection });
  await queue.waitUntilReady();
  const events = new QueueEvents(name, { connection });
  return {
    enqueue: () => queue.add(name, { n: 1 }),
    enqueueAll: (count) => queue.addBulk(Array.from({ length: count }, (_, n) => ({ name, data: { n } }))),
    follow: () => events.waitUntilReady(),
    run: async () => (await queue.add(name, { n: 1 })).waitUntilFinished(events),
  };
}

export async function startWorker({ redisPort, concurrency }, begin) {
  const connection = { host: "127.0.0.1", port: redisPort, maxRetriesPerRequest: null };
  const open = new Set();
  const work = async ({ id }) => {
    open.add(id);
    begin(id);
    return 1;
  };
  const worker = new Worker(name, work, { connection, concurrency });
  // When Redis has answered.
  worker.on("completed", ({ id }) => open.delete(id));
  await worker.waitUntilReady();
  return { areRecorded: async (ids) => ids.every((id) => !open.has(id)) };
}
