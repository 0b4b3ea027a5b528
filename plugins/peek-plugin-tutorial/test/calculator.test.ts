import { join } from "node:path";
import { startService } from "@peek/testing";
import { describe, expect, it } from "vitest";

const tutorialDir = join(import.meta.dirname, "..");
const calculatorDir = join(import.meta.dirname, "fixtures", "peek-plugin-calculator");
const greeterDir = join(import.meta.dirname, "fixtures", "peek-plugin-greeter");
const steps = (lines: readonly string[]): readonly string[] =>
  lines.flatMap(
    (line) => /^\w+ peek_plugin_(\w+)\._private\.logic\.LogicEntryHook:(.*)$/.exec(line)?.slice(1).join(": ") ?? [],
  );

describe("a plugin that uses the tutorial's API", () => {
  it("gets the API, starts after the tutorial and stops before it, for any order of names", async () => {
    const logic = await startService("logic", { plugins: [calculatorDir, tutorialDir] });
    await logic.stop();
    expect(steps(logic.log.lines)).toEqual([
      ...["tutorial: Loaded", "calculator: Loaded", "tutorial: Started", "calculator: 1 + 2 = 3"],
      ...["calculator: Stopped", "tutorial: Stopped", "calculator: Unloaded", "tutorial: Unloaded"],
    ]);
  });

  it("fails with DEPENDENCY_MISSING if the tutorial is not enabled", async () => {
    await using logic = await startService("logic", { plugins: [calculatorDir], allowFailed: true });
    expect(logic.plugin("peek_plugin_calculator")).toMatchObject({
      state: "failed",
      error: { code: "DEPENDENCY_MISSING" },
    });
  });

  it("runs without the tutorial if its dependency is optional", async () => {
    await using alone = await startService("logic", { plugins: [greeterDir] });
    expect(steps(alone.log.lines)).toContain("greeter: The tutorial plugin is not enabled here");
    await using both = await startService("logic", { plugins: [greeterDir, tutorialDir] });
    expect(steps(both.log.lines)).toContain("greeter: 1 + 2 = 3");
  });
});
