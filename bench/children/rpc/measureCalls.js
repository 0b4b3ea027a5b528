import { setTimeout as delay } from "node:timers/promises";
import { readArgument } from "../readArgument.js";

const inFlight = 64;
/** No measurement takes this long. */
const patienceMs = 60_000;

/**
 * Measures calls, with many in flight and then one at a time; prints the figures, and ends the process.
 *
 * @param {(done: () => void) => void} issue Makes a call, and calls `done` when it is answered: the same function
 *   for all calls in flight.
 */
export async function measureCalls(issue) {
  const { ms } = readArgument();
  void delay(patienceMs, undefined, { ref: true }).then(() => fail(new Error("The calls were not answered")));
  await manyAtATime(issue, ms / 2);
  const perSecond = await manyAtATime(issue, ms);
  await oneAtATime(issue, ms / 4);
  const took = (await oneAtATime(issue, ms)).sort((one, other) => one - other);
  const at = (share) => took[Math.floor(share * took.length)];
  console.log(`Measured ${JSON.stringify({ perSecond, p50: at(0.5), p99: at(0.99) })}`);
  process.exit(0);
}

/** Like {@link measureCalls}, for calls that return promises. */
export async function measurePromises(call) {
  // A further promise, such as that of a catch, would be measured too.
  // oxlint-disable-next-line promise/no-callback-in-promise
  await measureCalls((done) => void call().then(done, fail));
}

/** Like {@link measureCalls}, for calls with a callback for an error and an answer. */
export async function measureCallbacks(call) {
  await measureCalls((done) => call((error) => (error ? fail(error) : done())));
}

/** Ends the process: failures must not be measured. */
export function fail(error) {
  console.error(error);
  process.exit(1);
}

/** @returns The answered calls per second. */
function manyAtATime(issue, ms) {
  const { promise, resolve } = Promise.withResolvers();
  const began = performance.now();
  let answered = 0;
  let pending = inFlight;
  const done = () => {
    answered += 1;
    const now = performance.now();
    if (now - began < ms) issue(done);
    else if ((pending -= 1) === 0) resolve((answered * 1000) / (now - began));
  };
  for (let index = 0; index < inFlight; index += 1) issue(done);
  return promise;
}

/** @returns The microseconds of each call. */
function oneAtATime(issue, ms) {
  const { promise, resolve } = Promise.withResolvers();
  const took = [];
  const began = performance.now();
  let since = began;
  const done = () => {
    const now = performance.now();
    took.push((now - since) * 1000);
    if (now - began < ms) {
      since = performance.now();
      issue(done);
    } else resolve(took);
  };
  issue(done);
  return promise;
}
