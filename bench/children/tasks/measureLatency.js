import { setTimeout as delay } from "node:timers/promises";

const warmUpRounds = 50;
/** The pause before each task, so that the system is idle. */
const pauseMs = 10;

/**
 * Measures the time from queuing a task until its result arrives, one at a time.
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
