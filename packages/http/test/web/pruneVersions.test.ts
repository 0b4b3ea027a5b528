import { expect, it } from "vitest";
import { pruneVersions } from "../../src/web/pruneVersions.ts";

const hour = 3_600_000;
const limits = { keptMs: 24 * hour, keptVersions: 3 };

it("keeps a version for a day after it was first seen outside of the catalogue", () => {
  const leftAt = new Map<string, number>();
  expect(pruneVersions(["a"], leftAt, { ...limits, now: 0 })).toEqual([]);
  expect(pruneVersions(["a", "b"], leftAt, { ...limits, now: 23 * hour })).toEqual([]);
  expect(pruneVersions(["a", "b"], leftAt, { ...limits, now: 24 * hour })).toEqual(["a"]);
  expect(pruneVersions(["b"], leftAt, { ...limits, now: 47 * hour })).toEqual(["b"]);
  expect(leftAt).toEqual(new Map());
});

it("removes those that left first when there are too many", () => {
  const leftAt = new Map(["a", "b", "c", "d"].map((path, hours) => [path, hours * hour]));
  expect(pruneVersions(["d", "b", "a", "c", "e"], leftAt, { ...limits, now: 5 * hour })).toEqual(["b", "a"]);
  expect([...leftAt.keys()]).toEqual(["c", "d", "e"]);
});
