import { join } from "node:path";
import { openTestDatabase, startService } from "@peek/testing";
import { describe, expect, it } from "vitest";

const tutorialDir = join(import.meta.dirname, "..");
const logger = "peek_plugin_tutorial._private";

describe("the tutorial plugin", () => {
  it("loads, starts, stops and unloads on logic", async () => {
    const logic = await startService("logic", { plugins: [tutorialDir] });
    expect(logic.plugin("peek_plugin_tutorial")).toMatchObject({
      state: "started",
      version: "1.0.0",
      title: "Tutorial",
    });
    expect(await logic.stop()).toEqual([]);
    const lines = logic.log.lines.filter((line) => line.includes(logger));
    expect(lines).toEqual([
      "DEBUG peek_plugin_tutorial._private.logic.LogicEntryHook:Loaded",
      "DEBUG peek_plugin_tutorial._private.logic.LogicEntryHook:Started",
      "DEBUG peek_plugin_tutorial._private.logic.LogicEntryHook:Stopped",
      "DEBUG peek_plugin_tutorial._private.logic.LogicEntryHook:Unloaded",
    ]);
  });

  it.each([
    ["field", "FieldEntryHook"],
    ["office", "OfficeEntryHook"],
    ["worker", "WorkerEntryHook"],
    ["agent", "AgentEntryHook"],
  ] as const)("runs on %s", async (name, hook) => {
    await using database = await openTestDatabase({ plugins: [tutorialDir] });
    const service = await startService(name, { plugins: [tutorialDir], database });
    expect(service.plugin("peek_plugin_tutorial").state).toBe("started");
    expect(await service.stop()).toEqual([]);
    const lines = service.log.lines.filter((line) => line.includes(logger));
    expect(lines).toEqual(
      ["Loaded", "Started", "Stopped", "Unloaded"].map((what) => `DEBUG ${logger}.${name}.${hook}:${what}`),
    );
  });
});
