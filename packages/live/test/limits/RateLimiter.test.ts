import { expect, it } from "vitest";
import { RateLimiter } from "../../src/limits/RateLimiter.ts";
import { TokenBucket } from "../../src/limits/TokenBucket.ts";

/** Takes a token of a key. Returns 0, or how long to wait. */
function takeFrom(limiter: RateLimiter, key: string): number {
  const bucket = limiter.bucketOf(key);
  return bucket.tryTake() ? 0 : bucket.waitMs;
}

it("a key gets its burst at once and then its rate per second; another key has its own bucket", () => {
  let now = 0;
  const limiter = new RateLimiter({ perSecond: 2, burst: 3 }, () => now);
  const take = (key: string, times: number): readonly number[] =>
    Array.from({ length: times }, () => takeFrom(limiter, key));
  expect(take("ann", 5)).toEqual([0, 0, 0, 500, 500]);
  expect(take("bob", 1)).toEqual([0]);
  now = 250;
  expect(take("ann", 1)).toEqual([250]);
  now = 1000;
  expect(take("ann", 3)).toEqual([0, 0, 500]);
  now = 1_000_000;
  expect(take("ann", 4)).toEqual([0, 0, 0, 500]);
});

it("discards full buckets when there are many, and no others", () => {
  let now = 0;
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 }, () => now);
  for (let n = 0; n < 5000; n += 1) takeFrom(limiter, `old ${n}`);
  now = 1000;
  takeFrom(limiter, "ann");
  for (let n = 0; n < 6000; n += 1) takeFrom(limiter, `new ${n}`);
  expect(takeFrom(limiter, "ann")).toBe(1000);
  expect(limiter.size).toBe(6001);
});

it("a caller can wait for a token, and gives it back when it is aborted", async () => {
  const bucket = new TokenBucket({ perSecond: 100, burst: 1 });
  expect(bucket.isFull).toBe(true);
  const never = new AbortController().signal;
  await bucket.take(never);
  expect(bucket.isFull).toBe(false);
  const impatient = new AbortController();
  const aborted = bucket.take(impatient.signal);
  impatient.abort(new Error("enough"));
  await expect(aborted).rejects.toThrow("enough");
  await bucket.take(never);
});
