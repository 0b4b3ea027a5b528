import { setTimeout as delay } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";

/** Two readings this far apart, in time and in size, have to agree. */
const intervalMs = 250;
const agreement = 0.003;
const maxReadings = 40;

/**
 * Tells the bench what this process occupies once it has come to rest, without its garbage; bytes.
 *
 * @param {number} connections How many there are.
 */
export async function tellMemory(connections) {
  let before = 0;
  for (let reading = 0; reading < maxReadings; reading += 1) {
    await delay(intervalMs);
    // Twice: what is found to be unused by the first may hold what only the second gives back.
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
 * What the young generation occupies, empty as it is: how large that has become is owed to what was going on, not to what is
 * there, and does not grow with it.
 */
function youngBytes() {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space").physical_space_size;
}
