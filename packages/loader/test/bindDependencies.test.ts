import { describe, expect, it } from "vitest";
import { bindDependencies, type BoundDependencies, type DependencyTarget } from "../src/order/bindDependencies.ts";

const running = { state: "resolved", version: "1.2.3", services: ["logic"] } as const;

function bind(target: DependencyTarget | undefined, range = "^1.0.0", optional = false): BoundDependencies {
  return bindDependencies("peek_plugin_a", [{ name: "peek_plugin_b", range, optional }], "logic", (name) =>
    name === "peek_plugin_b" ? target : undefined,
  );
}

describe("a dependency", () => {
  it.each(["^1.0.0", "1.x", ">=1.2.3 <2", "1.2.3", "*", "", "~1.2 || ^3"])(
    "is met by 1.2.3 where the range is %j",
    (range) => {
      expect(bind(running, range)).toEqual({ waitsFor: ["peek_plugin_b"], error: undefined, warnings: [] });
    },
  );

  it.each([
    ["1.3.0-beta.1", "^1.2.0"],
    ["2.0.0-rc.1", ">=1"],
  ])("is satisfied by the pre-release %s for the range %s", (version, range) => {
    expect(bind({ ...running, version }, range).waitsFor).toEqual(["peek_plugin_b"]);
  });

  it("waits for a plugin that failed before its version was known, which blocks it later", () => {
    const failed = { state: "failed", version: undefined, services: [] } as const;
    expect(bind(failed)).toEqual({ waitsFor: ["peek_plugin_b"], error: undefined, warnings: [] });
  });

  const refusals = [
    [
      "is not enabled",
      undefined,
      "^1.0.0",
      "DEPENDENCY_MISSING",
      "which is not enabled on logic. Install it if it is not, and add it to plugin.enabled.",
    ],
    [
      "does not run on this service",
      { ...running, state: "skipped", services: ["field", "office"] },
      "^1.0.0",
      "DEPENDENCY_MISSING",
      "which does not run on logic: its plugin_package.json requires field, office.",
    ],
    [
      "is of another version",
      running,
      "^2.0.0",
      "DEPENDENCY_VERSION",
      "peek_plugin_b ^2.0.0, but version 1.2.3 is installed",
    ],
    [
      "is asked for in a range that is none",
      running,
      "one or two",
      "DEPENDENCY_VERSION",
      '"one or two", which is not a version range',
    ],
  ] as const;

  it.each(refusals)("that %s makes the plugin fail", (_what, target, range, code, part) => {
    const { waitsFor, error, warnings } = bind(target, range);
    expect(error).toMatchObject({
      code,
      exitCode: 78,
      fields: { plugin: "peek_plugin_a", dependency: "peek_plugin_b", range },
    });
    expect(error?.message).toContain("peek_plugin_a depends on peek_plugin_b");
    expect(error?.message).toContain(part);
    expect({ waitsFor, warnings }).toEqual({ waitsFor: [], warnings: [] });
  });

  it.each(refusals)("that %s is ignored where it is optional", (_what, target, range, code, part) => {
    const { waitsFor, error, warnings } = bind(target, range, true);
    expect({ waitsFor, error }).toEqual({ waitsFor: [], error: undefined });
    // That it is not there is what optional means; that it is there and will not do, somebody has to hear.
    expect(warnings).toEqual(code === "DEPENDENCY_MISSING" ? [] : [expect.stringContaining(part)]);
  });
});

it("the first unsatisfied dependency is reported, and the plugin waits for the others", () => {
  const dependencies = ["b", "c", "d"].map((name) => ({
    name,
    range: name === "b" ? "^1.0.0" : "^9.0.0",
    optional: false,
  }));
  const { waitsFor, error } = bindDependencies("a", dependencies, "logic", () => running);
  expect(waitsFor).toEqual(["b"]);
  expect(error?.fields).toMatchObject({ dependency: "c" });
});
