import { join } from "node:path";
import { peekWeb } from "@peek/vite-plugin";
import { webCatalogueSchema, webPaths } from "@peek/web/protocol";
import { openTestDatabase, startService, type TestService } from "@peek/testing";
import { connect } from "@peek/client";
import { build } from "vite";
import { expect, it } from "vitest";
import { AddIntValue } from "../src/_private/contracts/AddIntValue.ts";
import { StringCapToggle } from "../src/_private/contracts/StringCapToggle.ts";
import { StringIntTuple } from "../src/_private/contracts/StringIntTuple.ts";
import { AddStringInt } from "./stages/live-more/src/_private/contracts/AddStringInt.ts";
import { LargeIntTuple } from "./stages/live-more/src/_private/contracts/LargeIntTuple.ts";
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

it("the entry of the second page returns the class for logic", async () => {
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

it("after the tutorial's seventh page, the plugin migrates its schema once, and keeps its rows", async () => {
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
    ...["Loaded", "1 rows", "one: 1 rows, sum 1", "The longest text is one", "Stopped", "Unloaded"],
  ]);
  expect(await database.query("SELECT comment FROM pl_tutorial.string_int")).toEqual([{ comment: "" }]);
});

it("the upgrade of the nineteenth page completes the rows, and the version before runs on the new tables", async () => {
  await using database = await openTestDatabase();
  const start = async (name: string): Promise<readonly string[]> => {
    const logic = await startService("logic", { plugins: [stage(name)], database });
    expect(logic.plugin("peek_plugin_tutorial").state).toBe("started");
    expect(await logic.stop()).toEqual([]);
    return linesOf(logic.log.lines);
  };
  await start("storage");
  expect(await start("upgrade")).toEqual([
    expect.stringMatching(/^ ?migration 0003_add_unit applied in \d+ ms$/),
    ...["Loaded", "1 rows have a unit now", "Stopped", "Unloaded"],
  ]);
  await start("storage");
  expect(await database.query("SELECT string1, unit FROM pl_tutorial.string_int")).toEqual([
    { string1: "one", unit: "m" },
  ]);
});

it("the transaction of the seventh page changes both rows, or neither", async () => {
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

it("after the tutorial's ninth page, logic and the agent call each other", async () => {
  await using logic = await startService("logic", { plugins: [stage("rpc")] });
  await using agent = await startService("agent", { plugins: [join(import.meta.dirname, "..")], logic });
  await agent.log.waitFor("Logic stored", { timeoutMs: 3000 });
  await logic.log.waitFor("The agent says", { timeoutMs: 3000 });
  expect(stepsOf(agent.log.lines, "agent")).toEqual([
    ...["Loaded", "Started"],
    ...["Logic says that 1 + 2 = 3", "Logic stored 'from the agent' as row 2"],
  ]);
  expect(stepsOf(logic.log.lines, "logic").toSorted()).toEqual([
    ...["Loaded", "Started"],
    ...["The agent says that 7 + 9 = 16", "agent says: The agent is connected"],
  ]);
});

it("a plugin without storage can be called", async () => {
  const plugins = [stage("rpc-least")];
  await using logic = await startService("logic", { plugins });
  await using agent = await startService("agent", { plugins, logic });
  await agent.log.waitFor("Logic says that 1 + 2 = 3", { timeoutMs: 4000 });
});

const urlOf = (service: TestService): string => `ws://127.0.0.1:${service.status().site?.port}/vortex`;

/** Waits for expected tuples. */
async function seen<T>(
  states: AsyncIterable<{ readonly status: string; readonly tuples: readonly T[] }>,
  isExpected: (tuples: readonly T[]) => boolean,
): Promise<readonly T[]> {
  for await (const { status, tuples } of states) if (status === "live" && isExpected(tuples)) return tuples;
  throw new Error("The subscription has ended.");
}

it("after the tutorial's tenth page, a watcher sees changes in the database", async () => {
  const plugins = [stage("observables")];
  await using database = await openTestDatabase();
  await using logic = await startService("logic", { plugins, database });
  await using field = await startService("field", { plugins, logic });
  using client = connect({ url: urlOf(field) });
  using rows = client.subscribe(StringIntTuple);
  expect(await seen(rows, ({ length }) => length > 0)).toEqual([{ id: 1, string1: "one", int1: 1 }]);
  await database.query("INSERT INTO pl_tutorial.string_int (string1, int1) VALUES ('two', 2)");
  expect(await seen(rows, ({ length }) => length > 1)).toMatchObject([{ string1: "one" }, { string1: "two" }]);
});

it("after the tutorial's eleventh page, the buttons' actions are executed", async () => {
  const plugins = [stage("actions")];
  await using logic = await startService("logic", { plugins });
  await using field = await startService("field", { plugins, logic });
  using client = connect({ url: urlOf(field) });
  using rows = client.subscribe(StringIntTuple);
  await (
    await client.push(AddIntValue, { id: 1, offset: 4 })
  ).result;
  await (
    await client.push(StringCapToggle, { id: 1 })
  ).result;
  await seen(rows, ([row]) => row?.int1 === 5 && row.string1 === "ONE");
});

it("selectors, rights, results and routes work as the pages describe", async () => {
  const plugins = [stage("live-more")];
  await using logic = await startService("logic", { plugins });
  await using field = await startService("field", { plugins, logic });
  using client = connect({ url: urlOf(field) });
  using large = client.subscribe(LargeIntTuple, { least: 100 });
  expect(await (await client.push(AddStringInt, { string1: "a", int1: 99 })).result).toEqual({ id: 1 });
  expect(await (await client.push(AddStringInt, { string1: "b", int1: 100 })).result).toEqual({ id: 2 });
  expect(await seen(large, ({ length }) => length > 0)).toEqual([{ id: 2, int1: 100 }]);
  using small = client.subscribe(LargeIntTuple, { least: 1 });
  for await (const { status, error } of small) {
    if (status === "loading") continue;
    expect({ status, code: error?.code }).toEqual({ status: "refused", code: "FORBIDDEN" });
    break;
  }
  const site = `http://127.0.0.1:${field.status().site?.port}/peek_plugin_tutorial`;
  expect(await (await fetch(`${site}/me`)).json()).toEqual({ name: "anonymous" });
  expect(await (await fetch(`${site}/twice/21`)).text()).toBe("42");
});

it("after the tutorial's fourteenth page, the admin app has the page, which logic serves", async () => {
  const root = stage("admin");
  await build({ root, configFile: false, logLevel: "silent", plugins: [peekWeb()] });
  await using logic = await startService("logic", { plugins: [root] });
  const site = `http://127.0.0.1:${logic.status().site?.port}`;
  const { plugins } = webCatalogueSchema.parse(await (await fetch(`${site}${webPaths.catalogue}`)).json());
  expect(plugins).toMatchObject([{ name: "peek_plugin_tutorial", routes: [{ path: "start", title: "Start" }] }]);
  expect(plugins[0]).not.toHaveProperty("problem");
  const module = await fetch(`${site}${plugins[0]?.module}`);
  expect({ status: module.status, text: await module.text() }).toEqual({
    status: 200,
    text: expect.stringContaining("@peek/web"),
  });
  const start = await (await fetch(`${site}/peek_plugin_tutorial/start`)).json();
  expect(start).toEqual({ startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) });
});

it("after the tutorial's sixteenth page, a worker answers logic", async () => {
  const plugins = [stage("tasks")];
  await using database = await openTestDatabase();
  await using logic = await startService("logic", { plugins, database });
  await using worker = await startService("worker", { plugins, database, logic });
  expect(worker.plugin("peek_plugin_tutorial").state).toBe("started");
  await logic.log.waitFor(/:Sent (\d+) to a worker, which answered -\1$/);
});

it("tasks are queued in a transaction, executed in order, rejected and followed as the page describes", async () => {
  const plugins = [stage("tasks-more")];
  await using database = await openTestDatabase();
  await using logic = await startService("logic", { plugins, database });
  await using worker = await startService("worker", { plugins, database, logic });
  expect(worker.plugin("peek_plugin_tutorial").state).toBe("started");
  await logic.log.waitFor("There are 78498 prime numbers");
  const [logged, progress] = [/^INFO .*LogicEntryHook:(.*)$/, /^DEBUG .*LogicEntryHook:Counted (\d+) %$/].map(
    (pattern) => logic.log.lines.flatMap((line) => pattern.exec(line)?.[1] ?? []),
  );
  expect(logged).toEqual([
    ...["The text is 'one'", "The text is 'one, two'", "The text is 'one, two, three'"],
    expect.stringContaining("There is no row 12345"),
    expect.stringMatching(/peek_plugin_tutorial\.AppendText.*\$\.text/),
    "There are 78498 prime numbers",
  ]);
  // At most ten reports a second are sent, and always the last one.
  expect(progress?.at(-1)).toBe("100");
  expect(await database.query("SELECT string1 FROM pl_tutorial.string_int")).toEqual([{ string1: "one, two, three" }]);
  expect(await database.query("SELECT key, value FROM pl_tutorial.setting_property")).toEqual([
    { key: "primes up to 100", value: 25 },
  ]);
});

it("the task of the challenge runs at the start, and stays on its schedule", async () => {
  const plugins = [stage("tasks-challenge")];
  await using database = await openTestDatabase();
  await using logic = await startService("logic", { plugins, database });
  await using worker = await startService("worker", { plugins, database, logic });
  await worker.log.waitFor("The number is 42");
  expect(await database.query("SELECT value FROM pl_tutorial.setting_property")).toEqual([{ value: 42 }]);
  expect(await database.query("SELECT cron, timezone FROM peek_tasks.schedule")).toEqual([
    { cron: "* * * * *", timezone: "UTC" },
  ]);
});
