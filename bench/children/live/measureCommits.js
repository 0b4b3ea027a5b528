import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { readArgument } from "../readArgument.js";

/** The rows of the table; each commit changes the next one. */
const rowCount = 10;
const perSecond = 100;
const warmUpCount = 100;
/** No measurement takes this long. */
const patienceMs = 30_000;

/**
 * Commits changes at a rate, and measures the time from the request to commit until its row is seen; prints the figures, and
 * ends the process. A row that is seen with a later value counts as seen with the earlier ones.
 *
 * @param follow Calls its argument with the id and the value of each changed row. Without it, the answer to the commit is
 *   measured.
 */
export async function measureCommits(follow) {
  const { connectUrl, table, commits } = readArgument();
  const client = new pg.Client({ connectionString: connectUrl });
  await client.connect();
  await client.query(`update ${table} set value = 0`);
  const count = warmUpCount + commits;
  const asked = Array.from({ length: count + 1 }, () => 0);
  const took = Array.from({ length: count + 1 }, () => undefined);
  const { promise, resolve, reject } = Promise.withResolvers();
  void delay(patienceMs).then(() => reject(new Error("Not all was seen")));
  let missing = count;
  const seen = (_id, value) => {
    const now = performance.now();
    for (let each = value; each > 0 && took[each] === undefined; each -= rowCount) {
      took[each] = now - asked[each];
      missing -= 1;
    }
    if (missing === 0) resolve();
  };
  await follow?.(seen);
  const text = `update ${table} set value = $2 where id = $1`;
  const commit = async (value) => {
    await client.query({ name: "commit", text, values: [(value % rowCount) + 1, value] });
    if (follow === undefined) seen(0, value);
  };
  const began = performance.now();
  const committed = [];
  for (let value = 1; value <= count; value += 1) {
    const wait = began + (value * 1000) / perSecond - performance.now();
    if (wait > 0) await delay(wait);
    asked[value] = performance.now();
    committed.push(commit(value));
  }
  await Promise.all(committed);
  await promise;
  const sorted = took.slice(1 + warmUpCount).sort((one, other) => one - other);
  const at = (share) => sorted[Math.floor(share * sorted.length)];
  console.log(`Measured ${JSON.stringify({ p50: at(0.5), p99: at(0.99) })}`);
  process.exit(0);
}
