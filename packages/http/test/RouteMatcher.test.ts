import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "@peek/kit/testing";
import { FilesRoute, hasHash } from "../src/plugin/FilesRoute.ts";
import { RouteMatcher } from "../src/plugin/RouteMatcher.ts";
import { RoutePattern, segmentsOf } from "../src/plugin/RoutePattern.ts";

function matcherOf(paths: readonly string[]): RouteMatcher {
  const target = new FilesRoute(temporaryFolder(), { singlePage: false, title: undefined });
  return new RouteMatcher(
    paths.map((path) => {
      const pattern = RoutePattern.parse(path);
      if (typeof pattern === "string") throw new Error(pattern);
      return { method: "GET", pattern, target };
    }),
  );
}

function paramsOf(matcher: RouteMatcher, path: string): Readonly<Record<string, string>> | undefined {
  const match = matcher.match("GET", segmentsOf(path) ?? []);
  return match.kind === "route" ? match.params : undefined;
}

const word = fc.stringMatching(/^[a-z]{1,4}$/);
const part = fc.oneof(
  fc
    .oneof(word, fc.constantFrom("a@b", "x+y", "(z)", "~a", "k=1;v", "!"))
    .map((text) => ({ pattern: text, segment: text })),
  fc
    .record({ name: word, text: fc.string({ minLength: 1, maxLength: 5 }).filter((text) => text.isWellFormed()) })
    .map(({ name, text }) => ({ pattern: `:${name}`, segment: text })),
);

describe("the pattern of a route", () => {
  it("matches every path that is made from it, and returns its parameters decoded", () => {
    fc.assert(
      fc.property(fc.uniqueArray(part, { minLength: 1, maxLength: 6, selector: ({ pattern }) => pattern }), (parts) => {
        const matcher = matcherOf([`/${parts.map((each) => each.pattern).join("/")}`]);
        const path = `/${parts.map(({ segment }) => encodeURIComponent(segment)).join("/")}`;
        const expected = parts.filter((each) => each.pattern.startsWith(":"));
        expect(Object.entries(paramsOf(matcher, path) ?? {})).toEqual(
          expected.map((each) => [each.pattern.slice(1), each.segment]),
        );
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ["/pumps/:id", "/pumps/5", { id: "5" }],
    ["/pumps/:id", "/pumps/a%2Fb", { id: "a/b" }],
    ["/pumps/:id", "/pumps/%25", { id: "%" }],
    ["/pumps/:id", "/pumps/", undefined],
    ["/pumps/:id", "/pumps", undefined],
    ["/pumps/:id", "/Pumps/5", undefined],
    ["/pumps/:id", "/pumps/5/", undefined],
    ["/exports/*", "/exports/", { "*": "" }],
    ["/exports/*", "/exports/a/b%20c", { "*": "a/b c" }],
    ["/exports/*", "/exports", undefined],
    ["/a@b", "/a%40b", {}],
    ["/", "/", {}],
  ])("%s matches %s: %j", (pattern, path, params) => {
    expect(paramsOf(matcherOf([pattern]), path)).toEqual(params);
  });

  it("with an empty parameter yields to a wildcard", () => {
    expect(paramsOf(matcherOf(["/pumps/:id", "/pumps/*"]), "/pumps/")).toEqual({ "*": "" });
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
  ])("is recognized in %s: %s", (name, expected) => {
    expect(hasHash(name)).toBe(expected);
  });
});
