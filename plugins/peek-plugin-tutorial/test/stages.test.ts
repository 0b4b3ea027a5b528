import { join } from "node:path";
import { startService } from "@peek/testing";
import { expect, it } from "vitest";
import { peekLogicEntryHook } from "./stages/logic/src/index.ts";
import {
  peekAgentEntryHook,
  peekFieldEntryHook,
  peekLogicEntryHook as peekLogicEntryHookOfServices,
  peekOfficeEntryHook,
  peekWorkerEntryHook,
} from "./stages/services/src/index.ts";

it("after the tutorial's second page, the plugin runs on logic, and on no other service", async () => {
  const plugins = [join(import.meta.dirname, "stages", "logic")];
  await using logic = await startService("logic", { plugins });
  expect(logic.log.lines.filter((line) => line.includes("_private"))).toEqual([
    "DEBUG peek_plugin_tutorial._private.logic.LogicEntryHook:Loaded",
    "DEBUG peek_plugin_tutorial._private.logic.LogicEntryHook:Started",
  ]);
  await using field = await startService("field", { plugins });
  expect(field.plugin("peek_plugin_tutorial").state).toBe("skipped");
});

it("its entry gives the class for logic", async () => {
  expect(await peekLogicEntryHook()).toHaveProperty("name", "LogicEntryHook");
});

it.each([
  ["logic", "LogicEntryHook", peekLogicEntryHookOfServices],
  ["field", "FieldEntryHook", peekFieldEntryHook],
  ["office", "OfficeEntryHook", peekOfficeEntryHook],
  ["worker", "WorkerEntryHook", peekWorkerEntryHook],
  ["agent", "AgentEntryHook", peekAgentEntryHook],
] as const)("after the tutorial's sixth page, the plugin runs on %s", async (name, hook, entry) => {
  await using service = await startService(name, { plugins: [join(import.meta.dirname, "stages", "services")] });
  expect(service.log.lines.filter((line) => line.includes("_private"))).toEqual([
    `DEBUG peek_plugin_tutorial._private.${name}.${hook}:Loaded`,
    `DEBUG peek_plugin_tutorial._private.${name}.${hook}:Started`,
  ]);
  expect(await entry()).toHaveProperty("name", hook);
});
