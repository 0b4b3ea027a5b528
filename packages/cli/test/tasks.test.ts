import { encode } from "@peek/plugin-base/contracts";
import type { QueueName, TaskQueue } from "@peek/tasks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failed, openQueue, queued, statesOf, tasks, useHome } from "./tasksRig.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const pump: QueueName = { task: "peek_plugin_pump.Fill", version: 1, kind: "plain" };
const valve: QueueName = { task: "peek_plugin_valve.Turn", version: 2, kind: "keyed" };
const unknownId = "019aa000-0000-7000-8000-ffffffffffff";

describe("peek tasks", () => {
  let database: TestDatabase;
  const held = new AsyncDisposableStack();

  beforeAll(async () => {
    database = held.use(await openTestDatabase());
  });
  afterAll(async () => await held.disposeAsync());

  it.each([
    [[]],
    [["look"]],
    [["list", "--state", "lost"]],
    [["list", "--limit", "0"]],
    [["list", "--limit", "1e3"]],
    [["list", "a", "b"]],
    [["retry"]],
    [["retry", "17"]],
    [["retry", unknownId, "--all", pump.task]],
    [["drop"]],
    [["drop", "--waiting"]],
    [["drop", unknownId, "--waiting"]],
  ])("%s is refused, without a stack", async (args) => {
    useHome(database.connectUrl);
    const { code, stderr } = await tasks(...args);
    expect(code).toBe(64);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it("says that there is no database, or no tasks in it", async () => {
    useHome(undefined);
    expect(await tasks("list")).toMatchObject({ code: 69, stderr: expect.stringContaining("no database yet") });
    useHome("postgresql://user:geheim@127.0.0.1:1/database");
    const away = await tasks("list");
    expect(away).toMatchObject({ code: 69, stdout: "", stderr: expect.stringMatching(/cannot be reached.*[^\n]$/) });
    expect(away.stderr).not.toContain("geheim");

    await using none = await openTestDatabase();
    useHome(none.connectUrl);
    expect(await tasks("list")).toEqual({ code: 0, stdout: "No task was ever queued.", stderr: "" });
    expect(await tasks("list", pump.task, "--json")).toEqual({ code: 0, stdout: "[]", stderr: "" });
    expect(await tasks("retry", unknownId)).toMatchObject({ code: 64, stdout: "" });
    expect(await tasks("drop", "--all", pump.task)).toMatchObject({ code: 64, stdout: "" });
  });

  it("does not wait for logic to update the tables of an older Peek", async () => {
    await using own = new AsyncDisposableStack();
    const older = own.use(await openTestDatabase());
    await openQueue(older, own);
    await older.query("UPDATE peek_tasks.version SET version = version - 1");
    useHome(older.connectUrl);
    expect(await tasks("list")).toMatchObject({ code: 69, stdout: "", stderr: expect.stringContaining("Start logic") });
  });

  it("lists, pauses, resumes and ends schedules", async () => {
    await using own = new AsyncDisposableStack();
    const made = own.use(await openTestDatabase());
    const queue = await openQueue(made, own);
    useHome(made.connectUrl);
    const schedules = async (...args: readonly string[]): ReturnType<typeof tasks> => await tasks("schedules", ...args);
    expect(await schedules("list")).toEqual({ code: 0, stdout: "There are no schedules.", stderr: "" });
    const request = { input: "{}", priority: 0, retry: { tries: 1, delayMs: 0, maxDelayMs: 0 }, deadlineMs: 60_000 };
    await queue.schedule(pump, "default", "0 6 1 1 *", "UTC", request, { maxWaiting: 3 });
    await queue.schedule(valve, "north", "0 6 1 1 *", "UTC", { ...request, key: "a" });
    await queue.schedule(valve, "south", "0 7 1 1 *", "Europe/Berlin", { ...request, key: "b" });
    const { stdout } = await schedules("list");
    expect(stdout.split("\n")).toHaveLength(4);
    expect(stdout).toMatch(
      /peek_plugin_pump\.Fill +default +0 6 1 1 \* +UTC +- +20\d\d-01-01T06:00:00\.000Z +0 of 3 +0/,
    );
    const paused = await schedules("pause", pump.task);
    expect(paused).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("The schedule default of peek_plugin_pump.Fill is paused"),
    });
    expect((await schedules("list")).stdout).toMatch(/Fill .* paused +0 of 3/);
    const json: unknown = JSON.parse((await schedules("list", "--json")).stdout);
    expect(json).toMatchObject([
      { task: pump.task, paused: true, missed: "skip" },
      { name: "north" },
      { name: "south" },
    ]);
    expect((await schedules("resume", pump.task)).code).toBe(0);
    expect((await schedules("list")).stdout).not.toContain("paused");
    expect(await schedules("end", valve.task)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("several schedules: name one of north, south"),
    });
    expect(await schedules("end", valve.task, "east")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("no schedule east"),
    });
    expect(await schedules("pause", "peek_plugin_pump.Empty")).toMatchObject({ code: 64 });
    expect((await schedules("end", valve.task, "north")).code).toBe(0);
    expect((await queue.schedules()).map(({ name }) => name)).toEqual(["default", "south"]);
  });

  describe("list", () => {
    let waiting: readonly string[] = [];
    let letters: readonly string[] = [];
    const message = "It burst\u001B[2J\nat once";

    beforeAll(async () => {
      const queue = await openQueue(database, held);
      letters = await failed(queue, pump, message, 1, 2, 3);
      waiting = [...(await queued(queue, pump, { litres: 5 })), ...(await queued(queue, valve, "left"))];
      const [cancelled = ""] = await queued(queue, valve, "right");
      expect(await queue.cancel(valve, cancelled)).toBe(true);
    });

    it("counts the tasks of each type, and shows the dead letters without control characters", async () => {
      useHome(database.connectUrl);
      const { code, stdout, stderr } = await tasks("list");
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const lines = stdout.split("\n");
      expect(lines.slice(0, 3)).toEqual([
        expect.stringMatching(/^TASK +WAITING +LATER +RUNNING +FAILED +OLDEST$/),
        expect.stringMatching(/^peek_plugin_pump\.Fill +1 +0 +0 +3 +\d+\.\d (ms|s|min)$/),
        expect.stringMatching(/^peek_plugin_valve\.Turn +1 +0 +0 +0 +\d+\.\d (ms|s|min)$/),
      ]);
      expect(lines.slice(4, 6)).toEqual(["Dead letters:", expect.stringMatching(/^ID +TASK +FAILED +TRIES +WHY$/)]);
      const rows = lines.slice(6).sort();
      expect(rows).toEqual(
        letters.map((id) =>
          expect.stringMatching(
            new RegExp(
              String.raw`^${id}  peek_plugin_pump\.Fill  2\S{22}Z  1 {6}TASK_FAILED: It burst\\u001b\[2J\\u000aat once$`,
            ),
          ),
        ),
      );
      const two = (await tasks("list", "--limit", "2")).stdout;
      expect(two).toContain("Dead letters, the newest 2 of 3:");
      expect(two.match(/TASK_FAILED/g)).toHaveLength(2);
    });

    it("of a plugin counts its types only", async () => {
      useHome(database.connectUrl);
      const { code, stdout } = await tasks("list", "peek_plugin_valve");
      expect(code).toBe(0);
      expect(stdout).toContain(valve.task);
      expect(stdout).not.toContain("peek_plugin_pump");
      expect(stdout).not.toContain("Dead letters");
      expect(await tasks("list", "peek_plugin_idle")).toMatchObject({ code: 0, stdout: "There are no tasks." });
      for (const unknown of ["peek_plugin_never", "peek_plugin_pump.Emp", "peek_plugin_pum"]) {
        const answer = await tasks("list", unknown);
        expect(answer).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining(unknown) });
      }
    });

    it("of a type or a state lists the tasks", async () => {
      useHome(database.connectUrl);
      const idsIn = (text: string): readonly string[] => (text.match(/^[\da-f]{8}-[\da-f-]+/gm) ?? []).sort();
      expect(idsIn((await tasks("list", pump.task)).stdout)).toEqual([...letters, waiting[0]]);
      expect(idsIn((await tasks("list", "--state", "waiting")).stdout)).toEqual(waiting);
      expect(idsIn((await tasks("list", valve.task, "--state", "waiting")).stdout)).toEqual([waiting[1]]);
      const cancelled = (await tasks("list", "peek_plugin_valve", "--state", "cancelled")).stdout.split("\n");
      expect(cancelled).toEqual([
        expect.stringMatching(/^ID +TASK +VERSION +KEY +QUEUED +STATE +AT +TRIES +WHY$/),
        expect.stringMatching(/^019aa.* {2}peek_plugin_valve\.Turn {2}2 {8}key \d+ {2}.*Z {2}cancelled {2}2.*Z {2}0 /),
      ]);
      expect(await tasks("list", "--state", "running")).toMatchObject({ code: 0, stdout: "No task is running." });
    });

    it("as JSON has all fields", async () => {
      useHome(database.connectUrl);
      const overview: unknown = JSON.parse((await tasks("list", "--json")).stdout);
      expect(overview).toEqual({
        types: [
          expect.objectContaining({ task: pump.task, waiting: 1, later: 0, running: 0, failed: 3 }),
          expect.objectContaining({ task: valve.task, waiting: 1, failed: 0, oldestMs: expect.any(Number) }),
        ],
        deadLetters: letters.map(() =>
          expect.objectContaining({
            ...pump,
            state: "failed",
            attempts: 1,
            failures: 1,
            error: { code: "TASK_FAILED", message },
          }),
        ),
      });
      const [first] = JSON.parse((await tasks("list", pump.task, "--state", "waiting", "--json")).stdout) as unknown[];
      expect(first).toMatchObject({ id: waiting[0], ...pump, state: "waiting", input: encode({ litres: 5 }) });
    });
  });

  describe("on tasks that are there", () => {
    let queue: TaskQueue;
    const own = new AsyncDisposableStack();

    beforeEach(async () => {
      const each = own.use(await openTestDatabase());
      queue = await openQueue(each, own);
      useHome(each.connectUrl);
    });

    it("retry queues dead letters and cancelled tasks again, and reports the other tasks", async () => {
      const [burst = "", leaked = ""] = await failed(queue, pump, "It burst", 1, 2);
      const [cancelled = "", waiting = ""] = await queued(queue, pump, 3, 4);
      await queue.cancel(pump, cancelled);

      expect(await tasks("retry", burst.toUpperCase(), burst, cancelled)).toEqual({
        code: 0,
        stdout: "2 tasks are queued again",
        stderr: "",
      });
      expect(await statesOf(queue, burst, leaked, cancelled)).toEqual(["waiting", "failed", "waiting"]);
      expect(await tasks("retry", leaked, unknownId)).toEqual({
        code: 64,
        stdout: "1 task is queued again",
        stderr: `peek: There is no task ${unknownId}. See peek tasks list.`,
      });
      expect(await statesOf(queue, leaked)).toEqual(["waiting"]);
      expect(await tasks("retry", waiting)).toEqual({
        code: 64,
        stdout: "",
        stderr: `peek: ${waiting} is not queued again: it is waiting. See peek tasks list.`,
      });
      const again = await queue.fetch(pump, 10);
      expect(new Map(again.map(({ id, failures }) => [id, failures]))).toEqual(
        new Map([burst, leaked, cancelled, waiting].map((id) => [id, 0])),
      );
    });

    it("retry does not queue a task whose singleton key is in use, and reports it", async () => {
      const single: QueueName = { task: "peek_plugin_pump.Rinse", version: 1, kind: "single" };
      const [burst = ""] = await failed(queue, single, "It burst", 1);
      await queued(queue, single, 2);
      expect(await tasks("retry", burst)).toEqual({
        code: 64,
        stdout: "",
        stderr: `peek: ${burst} is not queued again: another with its key waits or runs. See peek tasks list.`,
      });
      expect(await statesOf(queue, burst)).toEqual(["failed"]);
    });

    it("retry --all queues the dead letters of a type again", async () => {
      const ids = await failed(queue, pump, "It burst", 1, 2, 3);
      const [other = ""] = await failed(queue, valve, "It stuck", 4);
      expect(await tasks("retry", "--all", pump.task)).toEqual({
        code: 0,
        stdout: "3 tasks are queued again",
        stderr: "",
      });
      expect(await statesOf(queue, ...ids, other)).toEqual(["waiting", "waiting", "waiting", "failed"]);
      expect(await tasks("retry", "--all", pump.task)).toEqual({
        code: 0,
        stdout: "There is no dead letter or cancelled task of peek_plugin_pump.Fill.",
        stderr: "",
      });
      expect(await tasks("retry", "--all", "peek_plugin_valve")).toEqual({
        code: 64,
        stdout: "",
        stderr:
          "peek: --all expects a type of tasks, but peek_plugin_valve is a plugin. Give one of its types: peek_plugin_valve.Turn.",
      });
      for (const unknown of ["peek_plugin_val", "peek_plugin_pump.Empty", "\u001B[2J"]) {
        expect(await tasks("retry", "--all", unknown)).toMatchObject({
          code: 64,
          stdout: "",
          // oxlint-disable-next-line no-control-regex -- control characters are what it is about
          stderr: expect.stringMatching(/^peek: No task of [^\u001b]+ was ever queued/),
        });
      }
      expect(await statesOf(queue, other)).toEqual(["failed"]);
    });

    it("drop deletes tasks that are not running", async () => {
      const [burst = "", leaked = ""] = await failed(queue, pump, "It burst", 1, 2);
      const [running = ""] = await queued(queue, pump, 3);
      expect(await queue.fetch(pump, 1)).toMatchObject([{ id: running }]);
      const [waiting = ""] = await queued(queue, pump, 4);
      expect(await tasks("drop", burst, waiting)).toEqual({ code: 0, stdout: "2 tasks are deleted", stderr: "" });
      expect(await tasks("drop", running, unknownId)).toEqual({
        code: 64,
        stdout: "",
        stderr: `peek: ${running} is not deleted: it is running. There is no task ${unknownId}. See peek tasks list.`,
      });
      expect(await statesOf(queue, burst, waiting, running, leaked)).toEqual([
        undefined,
        undefined,
        "running",
        "failed",
      ]);
    });

    it("drop --all deletes the dead letters or the waiting tasks of a type", async () => {
      const letters = await failed(queue, pump, "It burst", 1, 2);
      const waiting = await queued(queue, pump, 3, 4, 5);
      const others = [...(await failed(queue, valve, "It stuck", 6)), ...(await queued(queue, valve, 7))];
      expect(await tasks("drop", "--all", pump.task)).toMatchObject({ code: 0, stdout: "2 tasks are deleted" });
      expect(await statesOf(queue, ...letters)).toEqual([undefined, undefined]);
      expect(await statesOf(queue, ...waiting)).toEqual(["waiting", "waiting", "waiting"]);
      const dropped = await tasks("drop", "--all", pump.task, "--waiting");
      expect(dropped).toMatchObject({ code: 0, stdout: "3 tasks are deleted" });
      expect(await statesOf(queue, ...waiting)).toEqual([undefined, undefined, undefined]);
      expect(await tasks("drop", "--all", pump.task)).toMatchObject({
        code: 0,
        stdout: "There is no dead letter of peek_plugin_pump.Fill.",
      });
      expect(await tasks("drop", "--all", "peek_plugin_valve")).toMatchObject({ code: 64, stdout: "" });
      expect(await statesOf(queue, ...others)).toEqual(["failed", "waiting"]);
    });

    afterAll(async () => await own.disposeAsync());
  });
});
