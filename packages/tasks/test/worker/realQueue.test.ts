import type { TaskHandler } from "@peek/plugin-base";
import { defineTask } from "@peek/plugin-base/contracts";
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { expect, test } from "vitest";
import { z } from "zod";
import { TestLog } from "@peek/kit/testing";
import { PgBossTaskQueue, type TaskRequest } from "../../src/index.ts";
import { queueOf, queueText } from "../../src/queue/QueueName.ts";
import { openTestDatabase, type TestDatabase, TestTaskDatabase } from "../testing.ts";
import negate from "./fixtures/negate.ts";
import { origin, until, WorkerRig } from "./WorkerRig.ts";

async function openQueue(stack: AsyncDisposableStack, database: TestDatabase, role: "owner" | "user") {
  const queue = await PgBossTaskQueue.open({
    database: stack.use(new TestTaskDatabase(database)),
    role,
    keepResultsHours: 1,
    keepDeadLettersDays: 1,
    lostAfterSeconds: 20,
    logger: new TestLog(),
    signal: AbortSignal.timeout(20_000),
  });
  return stack.use(queue);
}

let made = 0;
function request({ task }: TaskHandler, input: unknown, key?: string): TaskRequest {
  made += 1;
  const id = `019a0000-0000-7000-8000-${made.toString(16).padStart(12, "0")}`;
  const { retry, deadlineMs } = task;
  return {
    id,
    input: JSON.stringify(input),
    priority: 0,
    retry,
    deadlineMs,
    origin,
    ...(key !== undefined && { key }),
  };
}

const ordered = defineTask("peek_plugin_x.Ordered", {
  input: z.object({ key: z.string(), n: z.int() }),
  weight: "light",
  retry: { tries: 3, delayMs: 10 },
});

test("Several workers do each task of a queue once, light or heavy", async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await openTestDatabase());
  const owner = await openQueue(stack, database, "owner");
  const user = await openQueue(stack, database, "user");
  let runs = 0;
  const light = defineTaskHandler(import.meta, ordered, () => {
    runs += 1;
  });
  const rigs = [owner, user].map((queue) => stack.use(new WorkerRig({ queue })));
  for (const { worker } of rigs) for (const handler of [light, negate]) await worker.handle(handler);
  const queues = [queueOf(ordered, "plain"), queueOf(negate.task, "plain")] as const;
  for (const queue of queues) await owner.ensure(queue);
  const ids = [
    ...(await owner.insert(
      queues[0],
      Array.from({ length: 500 }, (_, n) => request(light, { key: "", n })),
    )),
    ...(await owner.insert(
      queues[1],
      Array.from({ length: 50 }, (_, n) => request(negate, n + 1)),
    )),
  ];
  for (const queue of queues) rigs[0]?.worker.wake(queueText(queue));
  const updates = (): string[] => rigs.flatMap(({ updates }) => updates.map(({ kind, id }) => `${kind} ${id}`));
  await until("all ends", () => updates().length >= ids.length);
  expect(updates().sort()).toEqual(ids.map((id) => `done ${id}`).sort());
  expect(runs).toBe(500);
  expect(await owner.read(ids.at(-1) ?? "")).toMatchObject({ state: "done", output: "-50", attempts: 1 });
});

test("Tasks of a key are done in order by several workers, also when one of them fails for good", async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await openTestDatabase());
  const owner = await openQueue(stack, database, "owner");
  const done = new Map<string, number[]>();
  const handler = defineTaskHandler(import.meta, ordered, ({ key, n }, { attempt }) => {
    if (n === 3 && attempt === 1) throw new Error("Once more");
    if (n === 5) throw new Error("Never");
    done.set(key, [...(done.get(key) ?? []), n]);
  });
  const rigs = [owner, owner, owner].map((queue) => stack.use(new WorkerRig({ queue, lightConcurrency: 3 })));
  const keyed = queueOf(ordered, "keyed");
  await owner.ensure(keyed);
  const keys = ["a", "b", "c", "d"];
  const requests = Array.from({ length: 10 }, (_, n) => keys.map((key) => request(handler, { key, n }, key))).flat();
  await owner.insert(keyed, requests);
  for (const { worker } of rigs) await worker.handle(handler);
  await until("all ends", () => rigs.reduce((sum, { updates }) => sum + updates.length, 0) === 40);
  const order = [0, 1, 2, 3, 4, 6, 7, 8, 9];
  expect(Object.fromEntries(done)).toEqual({ a: order, b: order, c: order, d: order });
});
