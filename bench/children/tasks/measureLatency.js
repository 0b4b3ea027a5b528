import { setTimeout as delay } from "node:timers/promises";

const warmUpRounds = 50;
/** So that each finds all at rest; milliseconds. */
const pauseMs = 10;

/**
 * Measures how long it takes from queuing a task until its result is there, one at a time.
 *
 * @returns Milliseconds.
 */
export async function measureLatency(run, rounds) {
  const took = [];
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    await delay(pauseMs);
    const since = performance.now();
    await run();
    if (round >= 0) took.push(performance.now() - since);
  }
  took.sort((one, other) => one - other);
  const at = (share) => took[Math.floor(share * took.length)];
  return { p50: at(0.5), p99: at(0.99) };
}
