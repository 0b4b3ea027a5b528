/** The time after which all threads have started. */
const warmUpCount = 10;

/** @returns Tasks per second, all of them queued at once. */
export async function measureHeavy(run, count) {
  await Promise.all(Array.from({ length: warmUpCount }, run));
  const since = performance.now();
  await Promise.all(Array.from({ length: count }, run));
  return { perSecond: (count * 1000) / (performance.now() - since) };
}
