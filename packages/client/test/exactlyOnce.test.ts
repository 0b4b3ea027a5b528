// oxlint-disable-next-line import/no-unassigned-import -- it adds the globals of a browser to Node
import "fake-indexeddb/auto";
import { connect, type PeekClient } from "@peek/client";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { until } from "@peek/kit/testing";
import { Add, freshName, valueOf } from "./clientHelpers.ts";
import { type Reaction, ModelService } from "./ModelService.ts";

/** A step of one tab of the device. */
type Step = { readonly push: "default" | "other"; readonly tab: number } | { readonly reload: number };

const reaction = fc.constantFrom<Reaction>(
  "answer",
  "answer",
  "answer",
  "late",
  "cut before",
  "cut after",
  "retry",
  "reject",
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ push: fc.constantFrom("default", "other"), tab: fc.nat({ max: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ reload: fc.nat({ max: 1 }) }) },
);

/** A tab that reconnects at once. */
function openTab(url: string, name: string): PeekClient {
  const client = connect({ url, name });
  client.connection.subscribe(() => {
    if (client.connection.getSnapshot().status === "offline") queueMicrotask(() => client.reconnect());
  });
  return client;
}

async function run(steps: readonly Step[], reactions: readonly Reaction[]): Promise<void> {
  await using service = await ModelService.open(reactions);
  const name = freshName();
  using stack = new DisposableStack();
  const tabs = [openTab(service.url, name), openTab(service.url, name)];
  stack.defer(() => tabs.forEach((tab) => tab.close()));
  const pushed = { default: [] as string[], other: [] as string[] };
  for (const [by, each] of steps.entries()) {
    if ("reload" in each) {
      tabs[each.reload]?.close();
      tabs[each.reload] = openTab(service.url, name);
    } else {
      await tabs[each.tab]?.push(Add, { id: 1, by }, { lane: each.push });
      pushed[each.push].push(JSON.stringify({ id: 1, by }));
    }
  }
  // A tab that has just been opened does not know the pending actions yet.
  await until("all are executed", () => service.count >= pushed.default.length + pushed.other.length);
  for (const tab of tabs) await valueOf(tab.pending, (pending) => pending.every(({ status }) => status === "rejected"));
  expect(service.violations).toEqual([]);
  const lanes = [...service.executed].map(([key, bodies]) => [key.split(" ")[1], bodies]);
  const expected = Object.entries(pushed).filter(([, bodies]) => bodies.length > 0);
  expect(Object.fromEntries(lanes)).toEqual(Object.fromEntries(expected));
}

it("each action is executed once and in the order of its lane, with any losses, answers and reloads", async () => {
  const steps: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, fc.array(reaction, { maxLength: 60 }), (steps, reactions) => run(steps, reactions)),
    { numRuns: 60, interruptAfterTimeLimit: 20_000 },
  );
});

it("a thousand actions are each executed once although 500 connections are lost around the acknowledgement", async () => {
  const steps: Step[] = Array.from({ length: 1000 }, (_, index) => ({ push: "default", tab: index % 2 }));
  const reactions: Reaction[] = Array.from({ length: 1000 }, (_, index) =>
    index % 2 === 0 ? "answer" : index % 4 === 1 ? "cut after" : "cut before",
  );
  await run(steps, reactions);
});
