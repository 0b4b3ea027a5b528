import { setTimeout as delay } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";

/** The time and the difference in size within which two readings have to agree. */
const intervalMs = 250;
const agreement = 0.003;
const maxReadings = 40;

/**
 * Prints the stable memory of this process in bytes, after garbage collection.
 *
 * @param {number} connections The number of connections.
 */
export async function reportMemory(connections) {
  let before = 0;
  for (let reading = 0; reading < maxReadings; reading += 1) {
    await delay(intervalMs);
    // Twice: objects that the first collection frees may hold others, which only the second frees.
    globalThis.gc();
    globalThis.gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    if (Math.abs(rss - before) < agreement * rss) {
      const settled = rss - youngBytes();
      console.log(`Memory ${JSON.stringify({ connections, rss, settled, heap: heapUsed + external })}`);
      return;
    }
    before = rss;
  }
  throw new Error("The memory did not come to rest");
}

/**
 * The size of the young generation, which is empty: it depends on past work, not on live objects, and does not grow with them.
 */
function youngBytes() {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space").physical_space_size;
}
