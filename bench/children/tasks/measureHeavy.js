/** By then all threads are there. */
const warmUpCount = 10;

/** @returns Tasks in a second, all of them asked for at once. */
export async function measureHeavy(run, count) {
  await Promise.all(Array.from({ length: warmUpCount }, run));
  const since = performance.now();
  await Promise.all(Array.from({ length: count }, run));
  return { perSecond: (count * 1000) / (performance.now() - since) };
}
