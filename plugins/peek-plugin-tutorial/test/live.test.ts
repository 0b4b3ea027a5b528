import { join } from "node:path";
import { openTestDatabase, startService } from "@peek/testing";
import { connect, type ObservableState } from "@peek/client";
import { expect, it } from "vitest";
import { AddIntValue } from "../src/_private/contracts/AddIntValue.ts";
import { StringIntTuple } from "../src/_private/contracts/StringIntTuple.ts";

const plugins = [join(import.meta.dirname, "..")];

/** Waits for expected tuples. vitest ends a test that waits too long. */
async function until<T>(
  states: AsyncIterable<ObservableState<T>>,
  isExpected: (tuples: readonly T[]) => boolean,
): Promise<readonly T[]> {
  for await (const { status, tuples } of states) {
    if (status === "live" && isExpected(tuples)) return tuples;
  }
  throw new Error("The subscription has ended.");
}

it("a subscription shows the actions of others, and changes in the database", async () => {
  await using database = await openTestDatabase({ plugins });
  await using logic = await startService("logic", { plugins, database });
  await using field = await startService("field", { plugins, logic });
  const url = `ws://127.0.0.1:${field.status().site?.port}/vortex`;
  using one = connect({ url });
  using other = connect({ url });
  using rows = other.subscribe(StringIntTuple);
  expect(await until(rows, ([row]) => row !== undefined)).toEqual([{ id: 1, string1: "one", int1: 1 }]);

  const { result } = await one.push(AddIntValue, { id: 1, offset: 41 });
  await result;
  await until(rows, ([row]) => row?.int1 === 42);

  await database.query("UPDATE pl_tutorial.string_int SET string1 = 'two'");
  await until(rows, ([row]) => row?.string1 === "two");
}, 60_000);

it("an action on a missing row is rejected, and kept as a dead letter", async () => {
  await using database = await openTestDatabase({ plugins });
  await using logic = await startService("logic", { plugins, database });
  await using office = await startService("office", { plugins, logic });
  using client = connect({ url: `ws://127.0.0.1:${office.status().site?.port}/vortex` });
  const { result } = await client.push(AddIntValue, { id: 12345, offset: 1 });
  await expect(result).rejects.toMatchObject({ code: "ACTION_REJECTED", message: "There is no row 12345 any more" });
  expect(client.pending.getSnapshot()).toMatchObject([{ status: "rejected" }]);
  expect(await database.query("SELECT plugin FROM peek_vortex.dead_letter")).toEqual([
    { plugin: "peek_plugin_tutorial" },
  ]);
}, 60_000);
