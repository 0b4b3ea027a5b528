import { expect, it } from "vitest";
import { ActionRates } from "../../src/logic/actions/ActionRates.ts";

it("a user has as many as come at once, then so many in a second; another has his own", () => {
  let now = 0;
  const rates = new ActionRates({ perSecond: 2, burst: 3 }, () => now);
  const take = (user: string, times: number): readonly number[] =>
    Array.from({ length: times }, () => rates.take(user));
  expect(take("ann", 5)).toEqual([0, 0, 0, 500, 500]);
  expect(take("bob", 1)).toEqual([0]);
  now = 250;
  expect(take("ann", 1)).toEqual([250]);
  now = 1000;
  expect(take("ann", 3)).toEqual([0, 0, 500]);
  now = 1_000_000;
  expect(take("ann", 4)).toEqual([0, 0, 0, 500]);
});

it("forgets users who have all theirs again, and nobody who has not", () => {
  let now = 0;
  const rates = new ActionRates({ perSecond: 1, burst: 1 }, () => now);
  for (let n = 0; n < 5000; n += 1) rates.take(`old ${n}`);
  now = 1000;
  rates.take("ann");
  for (let n = 0; n < 6000; n += 1) rates.take(`new ${n}`);
  expect(rates.take("ann")).toBe(1000);
  expect(rates.size).toBe(6001);
});
