import { join } from "node:path";
import { openTestDatabase, startService } from "@peek/testing";
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

const stage = (name: string): string => join(import.meta.dirname, "stages", name);
const linesOf = (lines: readonly string[]): readonly string[] =>
  lines.flatMap(
    (line) => /^\w+ (?:peek_plugin_tutorial\._private|peek_storage\.Storage:peek).*?:(.*)$/.exec(line)?.[1] ?? [],
  );

it("after the tutorial's seventh page, the plugin migrates its schema once, and keeps what is in it", async () => {
  await using database = await openTestDatabase();
  const first = await startService("logic", { plugins: [stage("storage")], database });
  expect(await first.stop()).toEqual([]);
  expect(linesOf(first.log.lines)).toEqual([
    expect.stringMatching(/^ ?migration 0001_create_string_int applied in \d+ ms$/),
    expect.stringMatching(/^ ?migration 0002_create_setting_property applied in \d+ ms$/),
    ...["Loaded", "Started", "Stopped", "Unloaded"],
  ]);
  const second = await startService("logic", { plugins: [stage("storage")], database });
  expect(await second.stop()).toEqual([]);
  expect(linesOf(second.log.lines)).toEqual(["Loaded", "Started", "Stopped", "Unloaded"]);
  expect(await database.query("SELECT value FROM pl_tutorial.setting_property")).toEqual([{ value: 2 }]);
  const third = await startService("logic", { plugins: [stage("storage-more")], database });
  expect(await third.stop()).toEqual([]);
  expect(linesOf(third.log.lines)).toEqual([
    expect.stringMatching(/^ ?migration 0003_add_comment applied in \d+ ms$/),
    ...["Loaded", "one: 1 rows, sum 1", "The longest text is one", "Stopped", "Unloaded"],
  ]);
  expect(await database.query("SELECT comment FROM pl_tutorial.string_int")).toEqual([{ comment: "" }]);
});

it("its transaction changes both rows, or neither", async () => {
  await using logic = await startService("logic", { plugins: [stage("storage-move")] });
  expect(logic.log.lines.flatMap((line) => /^INFO .*LogicEntryHook:(.*)$/.exec(line)?.[1] ?? [])).toEqual([
    "one has 7, two has 3",
    expect.stringContaining("no result"),
    "one has 7, two has 3",
  ]);
});

const stepsOf = (lines: readonly string[], side: string): readonly string[] =>
  lines.flatMap(
    (line) => new RegExp(`^(\\w+) peek_plugin_tutorial\\._private\\.${side}\\..*?:(.*)$`).exec(line)?.[2] ?? [],
  );

it("after the tutorial's eighth page, logic and the agent call each other", async () => {
  await using logic = await startService("logic", { plugins: [stage("rpc")] });
  await using agent = await startService("agent", { plugins: [join(import.meta.dirname, "..")], logic });
  await agent.log.waitFor("Logic keeps", { timeoutMs: 3000 });
  await logic.log.waitFor("The agent says", { timeoutMs: 3000 });
  expect(stepsOf(agent.log.lines, "agent")).toEqual([
    ...["Loaded", "Started"],
    ...["Logic says that 1 + 2 = 3", "Logic keeps 'from the agent' as row 2"],
  ]);
  expect(stepsOf(logic.log.lines, "logic").toSorted()).toEqual([
    ...["Loaded", "Started"],
    ...["The agent says that 7 + 9 = 16", "agent says: The agent is here"],
  ]);
});

it("a declared error, a stream, and a call of all do as the page says", async () => {
  await using logic = await startService("logic", { plugins: [stage("rpc-more")] });
  await using agent = await startService("agent", { plugins: [stage("rpc-more")], logic });
  await agent.log.waitFor("That is enough");
  await logic.log.waitFor("agent says that");
  expect(stepsOf(agent.log.lines, "agent")).toEqual([
    ...["Loaded", "Logic counts: 1", "Logic counts: 2", "Logic counts: 3", "That is enough"],
  ]);
  expect(stepsOf(logic.log.lines, "logic")).toEqual([
    ...["Loaded", "An agent adds up to 1000000", "agent says that 1 + 9 = 10"],
  ]);
  expect(await agent.stop()).toEqual([]);
  expect(await logic.stop()).toEqual([]);
});
