/** The number of tasks that one statement queues. */
const batch = 500;

/**
 * Measures queuing: one after the other, ten at a time, and 500 by one call.
 *
 * @returns Tasks per second.
 */
export async function measureEnqueue({ enqueue, enqueueAll }, ms) {
  const all = async () => {
    await enqueueAll(batch);
    return batch;
  };
  const one = async () => {
    await enqueue();
    return 1;
  };
  const rate = async (work, inFlight) => {
    await repeat(work, inFlight, ms / 4);
    return await repeat(work, inFlight, ms);
  };
  return { single: await rate(one, 1), ten: await rate(one, 10), batched: await rate(all, 1) };
}

/** @returns The tasks per second that the work reports. */
async function repeat(work, inFlight, ms) {
  const began = performance.now();
  let done = 0;
  const loop = async () => {
    while (performance.now() - began < ms) {
      const count = await work();
      done += count;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return (done * 1000) / (performance.now() - began);
}
