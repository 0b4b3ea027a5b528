import { PgBossTaskQueue } from "@peek/tasks";
import { describe, expect, it } from "vitest";
import { TestLog } from "@peek/kit/testing";
import { MachineServer, noMachineClock, TestTaskDatabase } from "../testing.ts";
import { plain, request } from "./rig.ts";
import { until } from "./until.ts";

describe.skipIf(noMachineClock && process.env["CI"] === undefined)("a database whose clock is set", () => {
  it("keeps delays and retry delays, and loses no running task", async () => {
    await using server = await MachineServer.start();
    await using database = new TestTaskDatabase({ connectUrl: server.urlOf("postgres") });
    const logger = new TestLog();
    const warnings = (): readonly string[] => logger.lines.filter((line) => line.startsWith("warning: "));
    let looks = 0;
    database.onQuery = (sql) => void (looks += sql.includes("clock_timestamp()") ? 1 : 0);
    await using queue = await PgBossTaskQueue.open({
      ...{ database, role: "owner", logger, signal: new AbortController().signal },
      ...{ keepResultsHours: 24, keepDeadLettersDays: 30, lostAfterSeconds: 2 },
    });
    await queue.ensure(plain);
    const [running, again, delayed, onDate] = [
      request(),
      request(),
      request({ startAfter: 500 }),
      request({ startAfter: new Date(Date.now() + 1_800_000).toISOString() }),
    ];
    await queue.insert(plain, [running, again]);
    const [first, second] = await queue.fetch(plain, 2);
    if (first === undefined || second === undefined) throw new Error("Not all were taken");
    const state = async (id: string): Promise<unknown> => (await queue.read(id))?.state;

    const adjusted = (times: number): Promise<void> =>
      until(`the clock is followed ${times} times`, () => warnings().length >= times);
    const beat = setInterval(() => void queue.touch(plain, [first]), 200);
    try {
      await queue.insert(plain, [delayed, onDate]);
      const error = { code: "TASK_FAILED", message: "It broke" };
      await queue.settle(plain, [{ kind: "retry", attempt: second, error, failures: 1, delayMs: 500 }]);
      await until("the clock is known", () => looks >= 2);
      server.setClock("-3600");
      await adjusted(1);
      const due = new Set<string>();
      await until("both are due", async () => {
        for (const task of await queue.fetch(plain, 5)) due.add(task.id);
        return due.size === 2;
      });
      expect(due).toEqual(new Set([again.id, delayed.id]));
      expect(await state(first.id)).toBe("running");
      server.setClock("+7200");
      await adjusted(2);
      expect(await state(first.id)).toBe("running");
      // Its calendar time has come.
      expect((await queue.fetch(plain, 5)).map(({ id }) => id)).toEqual([onDate.id]);
    } finally {
      clearInterval(beat);
    }
    expect(warnings()).toEqual([
      expect.stringMatching(/put back by 3[56]\d\d s: the times of \d tasks were adjusted/),
      expect.stringMatching(/put forward by 10[78]\d\d s: the times of \d tasks were adjusted/),
    ]);
  });
});
