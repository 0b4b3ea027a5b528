import { PeekError } from "@peek/errors";
import { expect, it } from "vitest";
import { ConnectionBudget } from "../src/pool/ConnectionBudget.ts";
import { ThreadConnections } from "../src/pool/ThreadConnections.ts";

const { signal } = new AbortController();

it("Threads wait for a connection in FIFO order while the service has as many as the server allows", async () => {
  const budget = new ConnectionBudget(2);
  using threads = new ThreadConnections(budget, 10_000);
  const first = await threads.reserve("pump", signal);
  const second = await threads.reserve("pump", signal);
  expect([threads.connections, budget.isExhausted()]).toEqual([2, true]);
  const order: string[] = [];
  const waiting = ["third", "fourth"].map(async (name) => {
    const reserved = await threads.reserve("pump", signal);
    order.push(name);
    reserved[Symbol.dispose]();
  });
  second[Symbol.dispose]();
  // Disposing it twice releases one connection.
  second[Symbol.dispose]();
  await Promise.all(waiting);
  expect(order).toEqual(["third", "fourth"]);
  expect(threads.connections).toBe(1);
  first[Symbol.dispose]();
  expect(threads.connections).toBe(0);
});

it("A thread that waits too long gets STORAGE_BUSY, and one whose task has ended stops waiting", async () => {
  const budget = new ConnectionBudget(1);
  using threads = new ThreadConnections(budget, 20);
  using _held = await threads.reserve("pump", signal);
  await expect(threads.reserve("pump", signal)).rejects.toMatchObject({
    code: "STORAGE_BUSY",
    message: expect.stringContaining("a thread of pump within 0.02 s"),
  });
  const over = new AbortController();
  const waiting = threads.reserve("pump", over.signal);
  over.abort(new PeekError("TASK_CANCELLED", "It has ended."));
  await expect(waiting).rejects.toMatchObject({ code: "TASK_CANCELLED" });
  expect(threads.connections).toBe(1);
});
