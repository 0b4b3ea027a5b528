import { TestLog } from "@peek/kit/testing";
import { until } from "./until.ts";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { type AttemptOutcome, queueText, type FetchedTask } from "@peek/tasks";
import { describe, expect, it } from "vitest";
import { keyed, openRig, plain, request, rolePassword, single } from "./rig.ts";

const error = { code: "TASK_FAILED", message: "It broke" };
const done = (attempt: FetchedTask): AttemptOutcome => ({ kind: "done", attempt, output: '"out"' });
const failed = (attempt: FetchedTask): AttemptOutcome => ({
  kind: "failed",
  attempt,
  error,
  failures: attempt.failures + 1,
});
const ids = (tasks: readonly { readonly id: string }[]): readonly string[] => tasks.map(({ id }) => id);

describe("a queue", () => {
  it("returns each task to one worker, by priority and age", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(plain);
    const origin = { service: "logic", instance: "logic-1" } as const;
    const first = request({ origin });
    const requests = [first, request(), request({ priority: 5 })];
    for (const each of requests) expect(await queue.insert(plain, [each])).toEqual([each.id]);
    expect(await queue.due([plain, single])).toEqual([plain]);
    const [urgent, ...others] = await queue.fetch(plain, 10);
    expect(urgent?.id).toBe(requests[2]?.id);
    expect(ids(others)).toEqual(ids(requests.slice(0, 2)));
    expect(others[0]).toEqual({
      id: first.id,
      queue: plain,
      input: first.input,
      retry: first.retry,
      origin,
      failures: 0,
      retryCount: 0,
    });
    expect(await queue.fetch(plain, 10)).toEqual([]);
    expect(await queue.due([plain])).toEqual([]);
  });

  it("records each outcome of a batch, and only for the worker that holds the task", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(plain);
    await queue.insert(
      plain,
      [1, 2, 3, 4, 5].map(() => request()),
    );
    const [a, b, c, d, e] = await queue.fetch(plain, 5);
    if (!a || !b || !c || !d || !e) throw new Error("Not all were taken");
    expect(await queue.touch(plain, [a, { ...b, retryCount: 7 }])).toEqual(new Set([a.id]));
    const outcomes: readonly AttemptOutcome[] = [
      done(a),
      { kind: "retry", attempt: b, error: { ...error, message: "NUL \0 and \uD800" }, failures: 1, delayMs: 0 },
      failed(c),
      { kind: "handedBack", attempt: d, begun: false },
      { kind: "handedBack", attempt: e, begun: true },
    ];
    expect(await queue.settle(plain, outcomes)).toEqual(new Set(ids([a, b, c, d, e])));
    // Repeated, as after a lost answer: the worker does not hold them any more.
    expect(await queue.settle(plain, outcomes)).toEqual(new Set());
    expect(await queue.read(a.id)).toMatchObject({ state: "done", output: '"out"', attempts: 1, failures: 0 });
    expect(await queue.read(b.id)).toMatchObject({
      state: "waiting",
      attempts: 1,
      failures: 1,
      error: { code: "TASK_FAILED" },
    });
    expect(await queue.read(c.id)).toMatchObject({ state: "failed", attempts: 1, failures: 1, error });
    expect(await queue.read(d.id)).toMatchObject({ state: "waiting", attempts: 0, failures: 0 });
    expect(await queue.read(e.id)).toMatchObject({ state: "waiting", attempts: 1, failures: 0 });
    const again = await queue.fetch(plain, 5);
    expect(new Set(ids(again))).toEqual(new Set(ids([b, d, e])));
    expect(again.find(({ id }) => id === b.id)).toMatchObject({ failures: 1, retryCount: 1 });
    // A late outcome of the first worker does not count for the second one.
    expect(await queue.settle(plain, [done(d)])).toEqual(new Set());
  });

  it("returns no task before its start time", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(plain);
    await queue.insert(plain, [request({ startAfter: "2100-01-01T00:00:00.000Z" }), request({ startAfter: 60_000 })]);
    expect(await queue.fetch(plain, 5)).toEqual([]);
    expect(await queue.due([plain])).toEqual([]);
    expect(await queue.depths()).toEqual([
      { task: plain.task, waiting: 0, later: 2, running: 0, failed: 0, oldestMs: undefined },
    ]);
  });

  it("stores a task with the same id once, and refuses tasks of a queue that does not exist", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await expect(queue.insert(plain, [request()])).rejects.toMatchObject({ code: "STORAGE_QUERY_FAILED" });
    await queue.ensure(plain);
    const again = request();
    await queue.insert(plain, [again]);
    expect(await queue.insert(plain, [again])).toEqual([again.id]);
    expect(await queue.fetch(plain, 5)).toHaveLength(1);
  });

  it("distinguishes keys that differ in a single character", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(single);
    const texts = ["M\u00fcller", "Mu\u0308ller", "M\u00dcLLER", "m\u00fcller", "M\u00fcller "];
    const queueAll = (): Promise<readonly string[][]> =>
      Promise.all(texts.map(async (key) => [...(await queue.insert(single, [request({ key })]))]));
    const ids = await queueAll();
    expect(new Set(ids.flat()).size).toBe(texts.length);
    expect(await queueAll()).toEqual(ids);
  });

  it("stores one task for each singleton key, also when many are queued at once", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(single);
    const found = await Promise.all([1, 2, 3, 4].map(() => queue.insert(single, [request({ key: "a" })])));
    expect(new Set(found.flat()).size).toBe(1);
    const [task] = await queue.fetch(single, 5);
    if (task === undefined) throw new Error("None was taken");
    expect(await queue.insert(single, [request({ key: "a" })])).toEqual([task.id]);
    await queue.settle(single, [failed(task)]);
    const next = request({ key: "a" });
    expect(await queue.insert(single, [next])).toEqual([next.id]);
    // While that task waits, the dead letter cannot be queued again.
    expect(await queue.retry({ task: single.task })).toBe(0);
    expect(ids(await queue.readByKey(single.task, "single", "a", 5))).toEqual([next.id, task.id]);
  });

  it("returns the tasks of a key in order, to any number of workers", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(keyed);
    const requests = Array.from({ length: 300 }, (_, n) => request({ key: `key ${n % 10}`, input: String(n) }));
    await queue.insert(keyed, requests);
    const seen = new Map<string, number[]>();
    let left = requests.length;
    const work = async (): Promise<void> => {
      while (left > 0) {
        for (const task of await queue.fetch(keyed, 4)) {
          const of = seen.get(task.key ?? "") ?? [];
          seen.set(task.key ?? "", [...of, Number(task.input)]);
          left -= 1;
          await queue.settle(keyed, [Number(task.input) % 7 === 0 ? failed(task) : done(task)]);
        }
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    expect(seen.size).toBe(10);
    for (const [key, of] of seen) {
      expect(of, key).toEqual(requests.filter((each) => each.key === key).map(({ input }) => Number(input)));
    }
    expect(await queue.retry({ task: keyed.task })).toBe(43);
    expect((await queue.fetch(keyed, 50)).length).toBe(10);
  });

  it("keeps the order of the calls, not of the starts of their transactions", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(keyed);
    await using client = await rig.transaction();
    const [first, second] = [request({ key: "a" }), request({ key: "a" })];
    await queue.insert(keyed, [first]);
    await queue.insert(keyed, [second], client.query);
    await client.query("COMMIT", []);
    for (const { id } of [first, second]) {
      const taken = await queue.fetch(keyed, 5);
      expect(ids(taken)).toEqual([id]);
      await queue.settle(keyed, taken.map(done));
    }
  });

  it("returns no task of a key while an earlier one waits for its next try", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(keyed);
    await queue.insert(keyed, [request({ key: "a" }), request({ key: "a" }), request({ key: "b" })]);
    const [a, b] = await queue.fetch(keyed, 5);
    if (a === undefined || b === undefined) throw new Error("Not both were taken");
    await queue.settle(keyed, [{ kind: "retry", attempt: a, error, failures: 1, delayMs: 60_000 }, done(b)]);
    expect(await queue.fetch(keyed, 5)).toEqual([]);
    expect(await queue.cancel(keyed, a.id)).toBe(true);
    expect(await queue.fetch(keyed, 5)).toHaveLength(1);
  });

  it("returns tasks of all keys when there are more keys than one fetch examines", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(keyed);
    await queue.insert(
      keyed,
      Array.from({ length: 2500 }, (_, n) => request({ key: `key ${n}` })),
    );
    let taken = 0;
    for (let more = await queue.fetch(keyed, 100); more.length > 0; more = await queue.fetch(keyed, 100))
      taken += more.length;
    expect(taken).toBe(2500);
  });

  it("cancels tasks that have not ended", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(plain);
    const [waits, runs] = [request(), request({ priority: 1 })];
    await queue.insert(plain, [waits, runs]);
    const taken = await queue.fetch(plain, 1);
    expect(await queue.cancel(plain, waits.id)).toBe(true);
    expect(await queue.cancel(plain, runs.id)).toBe(true);
    expect(await queue.cancel(plain, runs.id)).toBe(false);
    expect(await queue.touch(plain, taken)).toEqual(new Set());
    expect(await queue.settle(plain, taken.map(done))).toEqual(new Set());
    expect(await queue.read(runs.id)).toMatchObject({ state: "cancelled", attempts: 1 });
  });

  it("fails a task whose row is invalid, and returns the others", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(plain);
    const [bad, good] = [request(), request()];
    await queue.insert(plain, [bad, good]);
    await rig.test.query("UPDATE peek_tasks.job_common SET data = '{}' WHERE id = $1", [bad.id]);
    expect(ids(await queue.fetch(plain, 5))).toEqual([good.id]);
    expect(await queue.read(bad.id)).toMatchObject({ state: "failed", error: { code: "TASK_INPUT_INVALID" } });
  });

  it("lists, retries and drops its dead letters", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    await queue.ensure(plain);
    await queue.insert(plain, [request(), request(), request()]);
    const [a, b, c] = await queue.fetch(plain, 3);
    if (!a || !b || !c) throw new Error("Not all were taken");
    await queue.settle(plain, [failed(a), failed(b), done(c)]);
    expect(await queue.depths()).toMatchObject([{ waiting: 0, running: 0, failed: 2 }]);
    expect(ids(await queue.list({ task: "peek_plugin_test", state: "failed", limit: 5 }))).toEqual([b.id, a.id]);
    expect(await queue.list({ task: "peek_plugin_tes", limit: 5 })).toEqual([]);
    expect(await queue.list({ limit: 2 })).toHaveLength(2);
    expect(await queue.retry({ ids: [a.id, c.id, "no id"] })).toBe(1);
    expect(await queue.fetch(plain, 5)).toMatchObject([{ id: a.id, retryCount: 1, failures: 0 }]);
    expect(await queue.drop({ ids: [a.id] })).toBe(0);
    expect(await queue.drop({ task: plain.task, state: "failed" })).toBe(1);
    expect(await queue.read(b.id)).toBeUndefined();
    expect(await queue.read("no id")).toBeUndefined();
  });
});

describe("tasks that are lost with their worker", () => {
  it("become due again, fail after too many losses, and release their key", async () => {
    await using rig = await openRig({ lostAfterSeconds: 1 });
    const { queue, log } = rig;
    await queue.ensure(keyed);
    const [first, second] = [request({ key: "a" }), request({ key: "a" })];
    await queue.insert(keyed, [first, second]);
    const [lost] = await queue.fetch(keyed, 5);
    if (lost === undefined) throw new Error("None was taken");
    await until(
      "lost",
      async () => (await queue.due([keyed])).length > 0 && (await queue.read(lost.id))?.state === "waiting",
    );
    const [again] = await queue.fetch(keyed, 5);
    expect(again).toMatchObject({ id: first.id, retryCount: 1, failures: 0 });
    expect(await queue.settle(keyed, [done(lost)])).toEqual(new Set());
    await rig.test.query("UPDATE peek_tasks.job_common SET retry_limit = 1 WHERE id = $1", [first.id]);
    await until("failed", async () => (await queue.read(lost.id))?.state === "failed");
    expect(await queue.read(first.id)).toMatchObject({ attempts: 2, failures: 0, error: { code: "TASK_LOST" } });
    expect(await queue.fetch(keyed, 5)).toMatchObject([{ id: second.id }]);
    expect(log.lines.filter((line) => line.includes("lost too often"))).toHaveLength(1);
  });

  it("are not lost while their heartbeats continue", async () => {
    await using rig = await openRig({ lostAfterSeconds: 1 });
    const { queue } = rig;
    await queue.ensure(plain);
    const [kept, lost] = [request(), request()];
    await queue.insert(plain, [kept, lost]);
    const tasks = await queue.fetch(plain, 2);
    const touched = tasks.filter(({ id }) => id === kept.id);
    await until("the other is lost", async () => {
      expect(await queue.touch(plain, touched)).toEqual(new Set([kept.id]));
      return (await queue.read(lost.id))?.state === "waiting";
    });
  });

  it("keep their singleton key", async () => {
    await using rig = await openRig({ lostAfterSeconds: 1 });
    const { queue } = rig;
    await queue.ensure(single);
    const only = request({ key: "a" });
    await queue.insert(single, [only]);
    expect(await queue.fetch(single, 5)).toHaveLength(1);
    await until("lost", async () => (await queue.read(only.id))?.state === "waiting");
    expect(await queue.insert(single, [request({ key: "a" })])).toEqual([only.id]);
    const [again] = await queue.fetch(single, 5);
    if (again === undefined) throw new Error("It was not taken again");
    await queue.settle(single, [failed(again)]);
    expect(await queue.insert(single, [request({ key: "a" })])).not.toEqual([only.id]);
  });
});

describe("many tasks", () => {
  it("are counted beyond the limit of one count, and all deleted after their retention", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    await queue.ensure(plain);
    await rig.fill("created", 10_050);
    await rig.fill("failed", 10_060);
    expect(await queue.depths()).toMatchObject([{ waiting: 10_050, later: 0, running: 0, failed: 10_060 }]);
    await rig.fill("completed", 10_070);
    await rig.fill("cancelled", 5);
    await test.query(
      "UPDATE peek_tasks.job_common SET completed_on = now() - interval '25 hours' WHERE state > 'active'",
    );
    await using _other = await rig.open();
    const count = async (): Promise<unknown> =>
      await test.query("SELECT state, count(*)::integer AS n FROM peek_tasks.job_common GROUP BY state ORDER BY state");
    await until("deleted", async () => (await queue.list({ state: "cancelled", limit: 1 })).length === 0);
    expect(await count()).toEqual([
      { state: "created", n: 10_050 },
      { state: "failed", n: 10_060 },
    ]);
    expect(await queue.drop({ task: plain.task, state: "failed" })).toBe(10_060);
  });

  it("that fail again during a retry of all dead letters are retried once", async () => {
    await using rig = await openRig();
    const { database } = rig;
    let batches = 0;
    const again: TaskDatabase = {
      available: true,
      query: async (sql, values) => {
        const found = await database.query(sql, values);
        if (!/^\s*UPDATE[^]*LIMIT 1000/.test(sql) || (batches += 1) > 2) return found;
        await rig.queue.settle(plain, (await rig.queue.fetch(plain, 1000)).map(failed));
        return found;
      },
      [Symbol.asyncDispose]: async () => {},
    };
    await rig.queue.ensure(plain);
    await rig.fill("failed", 1500);
    await using other = await rig.open({ role: "user", database: again });
    expect(await other.retry({ task: plain.task })).toBe(1500);
  });
});

describe("results", () => {
  it("are deleted after their retention, but waiting tasks never are", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    await queue.ensure(plain);
    await queue.insert(plain, [request({ priority: 1 }), request()]);
    const [ended] = await queue.fetch(plain, 1);
    if (ended === undefined) throw new Error("None was taken");
    await queue.settle(plain, [done(ended)]);
    await test.query(
      "UPDATE peek_tasks.job_common SET created_on = now() - interval '5 years', completed_on = completed_on - interval '25 hours'",
    );
    await using other = await rig.open();
    await until("deleted", async () => (await other.read(ended.id)) === undefined);
    expect(await other.fetch(plain, 1)).toHaveLength(1);
  });
});

describe("opening", () => {
  it("succeeds for several owners at once, and for users that waited before", async () => {
    await using rig = await openRig();
    await rig.test.query("DROP SCHEMA peek_tasks CASCADE");
    const log = new TestLog();
    const user = rig.open({ role: "user", logger: log });
    await until("the log line of the waiting user", () => log.lines.some((line) => line.includes("Waiting for logic")));
    await Promise.all([rig.open(), rig.open(), rig.open()]);
    const queue = await user;
    await queue.ensure(plain);
    await queue.insert(plain, [request()]);
    expect(await queue.fetch(plain, 1)).toHaveLength(1);
    expect(log.lines).toHaveLength(1);
  });

  it("is aborted by its signal, and refused when a newer Peek has used the database", async () => {
    await using rig = await openRig();
    await rig.test.query(
      "CREATE OR REPLACE FUNCTION peek_tasks.layout_version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 99'",
    );
    await expect(rig.open()).rejects.toMatchObject({ code: "STORAGE_TOO_NEW" });
    await expect(rig.open({ role: "user" })).rejects.toMatchObject({ code: "STORAGE_TOO_NEW" });
    await rig.test.query("DROP SCHEMA peek_tasks CASCADE");
    const waits = new AbortController();
    const log = new TestLog();
    const user = rig.open({ role: "user", signal: waits.signal, logger: log });
    await until("the log line of the waiting user", () => log.lines.length > 0);
    waits.abort(new Error("Enough"));
    await expect(user).rejects.toThrow("Enough");
  });

  it("leaves no timer behind after the close", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((what) => what === "Timeout").length;
    const before = timers();
    const after: string[] = [];
    {
      await using rig = await openRig();
      // It searches for lost tasks and checks the schedules at once.
      await rig.queue[Symbol.asyncDispose]();
      rig.database.onQuery = (sql) => after.push(sql);
      expect(rig.log.lines).toEqual([]);
    }
    await until("the end of all timers", () => timers() <= before);
    expect(after).toEqual([]);
  });

  it("does not wait for transactions that queue tasks", async () => {
    await using rig = await openRig();
    await rig.queue.ensure(plain);
    await using client = await rig.transaction();
    await rig.queue.insert(plain, [request()], client.query);
    await using other = await rig.open();
    await client.query("COMMIT", []);
    expect(await other.fetch(plain, 5)).toHaveLength(1);
  });
});

/** The argument of the SQL functions that insert tasks. */
function requestRow(): object {
  const data = { input: "{}", retry: { tries: 1, delayMs: 0, maxDelayMs: 0 }, failures: 0 };
  return { id: crypto.randomUUID(), data, priority: 0, takes: 3, expire: 60 };
}

describe("schedules", () => {
  it("exist until they are removed, and invalid ones are refused", async () => {
    await using rig = await openRig();
    const { queue } = rig;
    const { id: _, ...what } = request({ priority: 2 });
    await queue.schedule(plain, "", "0 6 * * 1-5", "Europe/Berlin", what);
    await queue.schedule(plain, "", "0 7 * * 1-5", "Europe/Berlin", what);
    expect(await queue.schedules()).toEqual([{ queue: plain, name: "", cron: "0 7 * * 1-5", tz: "Europe/Berlin" }]);
    for (const [cron, tz] of [
      ["* * * * * *", "UTC"],
      ["61 * * * *", "UTC"],
      ["0 0 31 2 *", "UTC"],
      ["0 6 * * *", "Europe/Atlantis"],
    ] as const) {
      await expect(queue.schedule(plain, "x", cron, tz, what)).rejects.toMatchObject({ code: "TASK_OPTIONS_INVALID" });
    }
    expect(await queue.unschedule(plain, "")).toBe(true);
    expect(await queue.unschedule(plain, "")).toBe(false);
  });

  it("queue each of their tasks once for all logic services", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    const { id: _, ...what } = request({ key: "a", priority: 2, deadlineMs: 1000 * 60 * 60 * 48 });
    await queue.schedule(keyed, "north", "* * * * *", "UTC", what);
    await test.query("UPDATE peek_tasks.schedule SET created_on = now() - interval '1 hour'");
    const others = await Promise.all([rig.open(), rig.open()]);
    await until("it is queued", async () => (await queue.due([keyed])).length > 0);
    // They have checked the schedules before their disposal ends.
    for (const other of others) await other[Symbol.asyncDispose]();
    const rows = await test.query("SELECT id::text, priority, expire_seconds FROM peek_tasks.job_common");
    const times = rows.map(({ id }) => parseInt(String(id).replace("-", "").slice(0, 12), 16));
    expect(new Set(times).size).toBe(times.length);
    expect(times.map((time) => time % 60_000)).toEqual(times.map(() => 0));
    expect(rows[0]).toMatchObject({ priority: 2, expire_seconds: 49 * 60 * 60 });
    const { input, retry } = what;
    expect(await queue.fetch(keyed, 5)).toMatchObject([{ input, retry, key: "a", failures: 0, retryCount: 0 }]);
    expect(rig.log.lines).toEqual([]);
  });

  it("queue no task for times before they were made", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    const { id: _, ...what } = request();
    const [row] = await test.query("SELECT to_char(now() AT TIME ZONE 'UTC', 'MI HH24') AS at");
    await queue.schedule(plain, "", `${String(row?.["at"])} * * *`, "UTC", what);
    const other = await rig.open();
    await other[Symbol.asyncDispose]();
    expect(await queue.due([plain])).toEqual([]);
  });

  it("skip and count the times at which maxWaiting of their tasks, by default one, wait", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    const { id: _, ...what } = request();
    await queue.schedule(plain, "one", "* * * * *", "UTC", what);
    await queue.schedule(plain, "three", "* * * * *", "UTC", what, { maxWaiting: 3 });
    let minutes = 0;
    /** Does the work of TaskCron for one minute. */
    const come = async (name: string): Promise<unknown> => {
      minutes += 1;
      const [row] = await test.query(
        `SELECT peek_tasks.enqueue_scheduled($1, $2, now() - interval '3 days' + $3 * interval '1 minute', $4::text::json, $5) AS is`,
        [queueText(plain), name, minutes, JSON.stringify([requestRow()]), name === "one" ? 1 : 3],
      );
      return row?.["is"];
    };
    for (let n = 0; n < 20; n += 1) await come("one");
    for (let n = 0; n < 20; n += 1) await come("three");
    expect(await queue.scheduleStates()).toMatchObject([
      { name: "one", waiting: 1, maxWaiting: 1, leftOut: 19 },
      { name: "three", waiting: 3, maxWaiting: 3, leftOut: 17 },
    ]);
    // Running tasks do not count as waiting.
    const taken = await queue.fetch(plain, 2);
    expect(taken).toHaveLength(2);
    expect([await come("one"), await come("one"), await come("three"), await come("three")]).toEqual([
      ...["queued", "left out", "queued", "left out"],
    ]);
    expect(await queue.fetch(plain, 10)).toHaveLength(4);
  });

  it("log once that times are skipped", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    const { id: _, ...what } = request();
    await queue.schedule(plain, "default", "* * * * *", "UTC", what);
    const [waiting] = await queue.insert(plain, [request()]);
    await queue.pauseSchedule(plain, "default", true);
    await test.query("UPDATE peek_tasks.schedule SET created_on = now() - interval '1 hour'");
    await test.query(
      "UPDATE peek_tasks.schedule_state SET paused = false, done = now() - interval '5 minutes', queued = ARRAY[$1::uuid]",
      [waiting],
    );
    await using _other = await rig.open();
    await until("a log line", async () => rig.log.lines.length > 0);
    expect(rig.log.lines).toEqual([
      "warning: Times of the schedule default (* * * * *) of peek_plugin_test.Work.1 are skipped: its limit of waiting tasks has been reached. Check that a worker does these tasks",
    ]);
    expect(await queue.fetch(plain, 10)).toHaveLength(1);
  });

  it("queue one task for the times that passed while no logic ran, or none, by their option", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    const { id: _, ...what } = request();
    await queue.schedule(plain, "once", "*/10 * * * *", "UTC", what, { missed: "once" });
    await queue.schedule(plain, "skip", "*/10 * * * *", "UTC", what, { missed: "skip" });
    const [times] = await test.query("SELECT to_char(now() AT TIME ZONE 'UTC' - interval '2 hours', 'MI HH24') AS at");
    const cron = `${String(times?.["at"])} * * *`;
    for (const name of ["once", "skip"] as const)
      await queue.schedule(plain, name, cron, "UTC", what, { missed: name });
    await test.query("UPDATE peek_tasks.schedule SET created_on = now() - interval '5 days'");
    const looked = rig.log.lines.length;
    for (let n = 0; n < 2; n += 1) await (await rig.open())[Symbol.asyncDispose]();
    expect(await queue.scheduleStates()).toMatchObject([
      { name: "once", waiting: 1, leftOut: 0, last: expect.stringMatching(/:00\.000Z$/) },
      { name: "skip", waiting: 0, leftOut: 0 },
    ]);
    expect(await queue.fetch(plain, 10)).toHaveLength(1);
    expect(rig.log.lines).toHaveLength(looked);
  });

  it("queue nothing while they are paused, even when they are made again, and continue when they are resumed", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    const { id: _, ...what } = request();
    await queue.schedule(plain, "default", "* * * * *", "UTC", what, { missed: "once" });
    expect(await queue.pauseSchedule(plain, "other", true)).toBe(false);
    expect(await queue.pauseSchedule(plain, "default", true)).toBe(true);
    await queue.schedule(plain, "default", "* * * * *", "UTC", what, { missed: "once" });
    await test.query("UPDATE peek_tasks.schedule SET created_on = now() - interval '1 hour'");
    await (await rig.open())[Symbol.asyncDispose]();
    expect(await queue.scheduleStates()).toMatchObject([{ paused: true, waiting: 0 }]);
    expect((await queue.scheduleStates())[0]).not.toHaveProperty("next");
    await queue.pauseSchedule(plain, "default", false);
    await (await rig.open())[Symbol.asyncDispose]();
    const [state] = await queue.scheduleStates();
    expect(state).toMatchObject({ paused: false, next: expect.stringMatching(/:00\.000Z$/) });
    // At most the current minute, and not the hour.
    expect((await queue.fetch(plain, 10)).length).toBeLessThan(2);
  });

  it("that are invalid are logged once, and do not block the others", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    const { id: _, ...what } = request();
    for (const name of ["a", "b", "c"]) await queue.schedule(plain, name, "* * * * *", "UTC", what);
    await test.query("UPDATE peek_tasks.schedule SET created_on = now() - interval '1 hour'");
    await test.query("UPDATE peek_tasks.schedule SET cron = 'never' WHERE key = 'a'");
    await test.query("UPDATE peek_tasks.schedule SET options = '{}' WHERE key = 'b'");
    await using _other = await rig.open();
    await until("it is queued", async () => (await queue.due([plain])).length > 0);
    expect(rig.log.lines).toHaveLength(2);
    expect(rig.log.lines[0]).toMatch(/^error: The schedule a \(never\) of peek_plugin_test.Work.1 is invalid: /);
  });
});

describe("a plugin's role", () => {
  it("may queue tasks of its plugin in a transaction, and nothing else", async () => {
    await using rig = await openRig();
    const { queue, test } = rig;
    const other = { ...plain, task: "peek_plugin_other.Work" };
    await Promise.all([queue.ensure(plain), queue.ensure(single), queue.ensure(other)]);
    const [row] = await test.query("SELECT current_database() || '_test' AS role");
    const role = String(row?.["role"]);
    await test.query(`CREATE ROLE ${role} LOGIN PASSWORD '${rolePassword}'`);
    await test.query("CREATE SCHEMA peek_platform");
    await test.query("CREATE TABLE peek_platform.plugin AS SELECT 'peek_plugin_test' AS name, $1::text AS role", [
      role,
    ]);
    const within = async (sql: string, values: readonly unknown[]): Promise<unknown> =>
      await rig.asRole(role, sql, values);
    const mine = request();
    expect(await queue.insert(plain, [mine], within)).toEqual([mine.id]);
    const key = request({ key: "a" });
    expect(await queue.insert(single, [key], within)).toEqual([key.id]);
    expect(await queue.insert(single, [request({ key: "a" })], within)).toEqual([key.id]);
    await expect(queue.insert(other, [request()], within)).rejects.toThrow(/not one of/);
    await expect(rig.asRole(role, "SELECT * FROM peek_tasks.job", [])).rejects.toThrow(/denied/);
    await expect(rig.asRole(role, "SELECT peek_tasks.require_queue('x')", [])).rejects.toThrow(/denied/);
    await expect(rig.asRole(role, "SELECT peek_tasks.create_queue('x', '{}')", [])).rejects.toThrow(/denied/);
    expect(await queue.fetch(plain, 5)).toHaveLength(1);
  });
});
