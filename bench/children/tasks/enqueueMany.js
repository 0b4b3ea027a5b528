/** As many as any of the queues takes by one call. */
const batch = 5000;

/** Queues so many tasks, however many these are. */
export async function enqueueMany(enqueueAll, count) {
  for (let rest = count; rest > 0; rest -= batch) await enqueueAll(Math.min(batch, rest));
}
