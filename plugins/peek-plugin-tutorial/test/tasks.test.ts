import { join } from "node:path";
import { openTestDatabase, startService } from "@peek/testing";
import { expect, it } from "vitest";

const plugins = [join(import.meta.dirname, "..")];
const answer = /Sent (\d+) to a worker, which answered -\1$/;

it("logic sends one number after another to a worker, and logs the answers", async () => {
  await using database = await openTestDatabase({ plugins });
  await using logic = await startService("logic", { plugins, database });
  await using worker = await startService("worker", { plugins, database, logic });
  expect(worker.plugin("peek_plugin_tutorial").state).toBe("started");
  const { msg } = await logic.log.waitFor(answer);
  const [first] = /\d+/.exec(msg ?? "") ?? [];
  await logic.log.waitFor(new RegExp(`Sent (?!${first} )\\d+ to a worker`));
});

it("logic stops without waiting for a worker, and cancels its queued task", async () => {
  await using database = await openTestDatabase({ plugins });
  await using logic = await startService("logic", { plugins, database });
  await logic.log.waitFor("LogicEntryHook:Started");
  expect(await logic.stop()).toEqual([]);
  expect(logic.log.lines.filter((line) => line.includes("RandomNumberWorkerController"))).toEqual([]);
  expect(await database.query("SELECT FROM peek_tasks.job WHERE state < 'completed'")).toEqual([]);
});
