import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { readArgument } from "../readArgument.js";

/** The rows of the table; each commit is of the next. */
const rowCount = 10;
const perSecond = 100;
const warmUpCount = 100;
/** Nobody needs so long; milliseconds. */
const patienceMs = 30_000;

/**
 * Commits so many changes in a second, and measures how long after a commit was asked for its row was seen; tells the bench, and
 * ends the process. When a row is seen with a later value, those before it were seen as well.
 *
 * @param follow Calls from then on with the id and the value of a row that has changed. Not given: the answer to the commit
 *   itself is what is waited for.
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
