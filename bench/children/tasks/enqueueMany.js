/** The largest number that each queue accepts by one call. */
const batch = 5000;

/** Queues any number of tasks. */
export async function enqueueMany(enqueueAll, count) {
  for (let rest = count; rest > 0; rest -= batch) await enqueueAll(Math.min(batch, rest));
}
