import { PeekError } from "@peek/errors";
import { expect, it } from "vitest";
import { errorPlace } from "../src/errorPlace.ts";

const rootDir = "/srv/my plugins/peek-plugin-a";
const rootUrl = "file:///srv/my%20plugins/peek-plugin-a";

function thrownWith(...frames: readonly string[]): PeekError {
  const cause = new Error("no pump");
  cause.stack = ["Error: no pump", ...frames.map((frame) => `    at ${frame}`)].join("\n");
  return new PeekError("HOOK_THREW", "no pump", { cause });
}

it.each([
  ["a method", `Hook.load (${rootUrl}/src/Hook.ts:30:11)`, "src/Hook.ts:30"],
  ["a module of a version", `Hook.load (${rootUrl}/src/Hook.ts?v=9c7c5d.1:30:11)`, "src/Hook.ts:30"],
  ["the top level", `${rootUrl}/src/index.ts?v=9c7c5d:2:7`, "src/index.ts:2"],
  ["a CommonJS file", `Object.<anonymous> (${rootDir}/lib/pump (1).cjs:4:7)`, "lib/pump (1).cjs:4"],
])("the place of an error in %s is its file and line", (_what, frame, place) => {
  const dependency = `parse (${rootUrl}/node_modules/zod/index.js:1:2)`;
  const platform = "PluginRunner.load (file:///srv/peek/PluginRunner.ts:62:36)";
  const error = thrownWith("JSON.parse (<anonymous>)", dependency, frame, `outer (${rootUrl}/other.ts:1:1)`, platform);
  expect(errorPlace(error, rootDir)).toBe(`${rootDir}/${place}`);
});

it.each([
  ["of another plugin", thrownWith("load (file:///srv/my%20plugins/peek-plugin-a2/index.js:1:1)")],
  ["without a stack", new PeekError("HOOK_THREW", "no pump", { cause: "no error" })],
])("an error %s has no place", (_what, error) => {
  expect(errorPlace(error, rootDir)).toBeUndefined();
});
