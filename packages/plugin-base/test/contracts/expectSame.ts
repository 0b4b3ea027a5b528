import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";

/** Expects the very same data. `toStrictEqual` takes a property `constructor` for the class of what it is in. */
export function expectSame(one: unknown, other: unknown): void {
  if (!isDeepStrictEqual(one, other)) expect(one).toStrictEqual(other);
  expect(isDeepStrictEqual(one, other)).toBe(true);
}
