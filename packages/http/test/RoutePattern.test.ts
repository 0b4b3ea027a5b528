import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasHash } from "../src/plugin/FilesRoute.ts";
import { RoutePattern, segmentsOf } from "../src/plugin/RoutePattern.ts";

const word = fc.stringMatching(/^[a-z]{1,4}$/);
const part = fc.oneof(
  word.map((text) => ({ pattern: text, segment: text })),
  fc
    .record({ name: word, text: fc.string({ minLength: 1, maxLength: 5 }).filter((text) => text.isWellFormed()) })
    .map(({ name, text }) => ({
      pattern: `:${name}`,
      segment: text,
    })),
);

describe("the path of a route", () => {
  it("matches what is made of it, whatever is put in for its names", () => {
    fc.assert(
      fc.property(fc.uniqueArray(part, { minLength: 1, maxLength: 6, selector: ({ pattern }) => pattern }), (parts) => {
        const pattern = RoutePattern.parse(`/${parts.map((each) => each.pattern).join("/")}`);
        if (typeof pattern === "string") throw new Error(pattern);
        const path = `/${parts.map(({ segment }) => encodeURIComponent(segment)).join("/")}`;
        const params = pattern.match(segmentsOf(path) ?? []);
        const expected = parts.filter((each) => each.pattern.startsWith(":"));
        expect(Object.entries(params ?? {})).toEqual(expected.map((each) => [each.pattern.slice(1), each.segment]));
      }),
    );
  });
});

describe("a hash in a name", () => {
  it.each([
    ["index-B4xZ_a9d.js", true],
    ["main.1f0c2b7d9a3e4f50.css", true],
    ["index.html", false],
    ["my-settings.js", false],
    ["report-20261122.pdf", false],
    ["jquery.min.js", false],
  ])("is seen in %s: %s", (name, expected) => {
    expect(hasHash(name)).toBe(expected);
  });
});
