import type { TaskHandler } from "@peek/plugin-base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestLog } from "@peek/kit/testing";
import { HeavyRunner } from "../../src/worker/HeavyRunner.ts";
import type { TaskRun } from "../../src/worker/TaskRun.ts";
import buffers from "./fixtures/buffers.ts";
import exit from "./fixtures/exit.ts";
import garbage from "./fixtures/garbage.ts";
import heap from "./fixtures/heap.ts";
import lateThrow from "./fixtures/lateThrow.ts";
import loop from "./fixtures/loop.ts";
import negate from "./fixtures/negate.ts";
import progress from "./fixtures/progress.ts";
import spin from "./fixtures/spin.ts";
import throws from "./fixtures/throws.ts";
import waits from "./fixtures/waits.ts";
import wrongOutput from "./fixtures/wrongOutput.ts";

let runner: HeavyRunner;
beforeAll(() => {
  runner = new HeavyRunner(2, new TestLog());
});
afterAll(() => runner[Symbol.asyncDispose]());

function start(handler: TaskHandler, input: string, onProgress: (value: string) => void = () => undefined): TaskRun {
  const storage = async (): Promise<never> => {
    throw new Error("There is no storage here");
  };
  return runner.start({ handler, id: crypto.randomUUID(), attempt: 1, input, onProgress, storage });
}

async function errorOf(handler: TaskHandler, input = "1"): Promise<string> {
  const result = await start(handler, input).result;
  return result.kind === "failed" ? `${result.error.code} ${result.error.message}` : `done ${result.output}`;
}

/** Expects the next two tasks, one for each thread, to succeed. */
async function expectToGoOn(): Promise<void> {
  const results = await Promise.all([start(negate, "5").result, start(negate, "6").result]);
  expect(results).toEqual([
    { kind: "done", output: "-5" },
    { kind: "done", output: "-6" },
  ]);
}

test("A handler runs in a thread, which the next task uses again", async () => {
  await expectToGoOn();
  await expectToGoOn();
});

describe("A faulty handler fails with its name, and later tasks succeed:", () => {
  test("an endless loop", async () => {
    const beside = start(negate, "7").result;
    expect(await errorOf(loop)).toBe("TASK_TIMED_OUT peek_plugin_x.Loop took longer than its deadlineMs of 300");
    expect(await beside).toEqual({ kind: "done", output: "-7" });
    await expectToGoOn();
  });

  test("4 GB of buffers", async () => {
    expect(await errorOf(buffers)).toMatch(
      /^TASK_OUT_OF_MEMORY peek_plugin_x.Buffers used \d+ MiB of memory, more than its memoryMb of 64$/,
    );
    await expectToGoOn();
  });

  test.each(["objects", "array", "map", "texts"])("a heap without bounds: %s", async (what) => {
    expect(await errorOf(heap, JSON.stringify(what))).toMatch(/^TASK_OUT_OF_MEMORY peek_plugin_x.Heap /);
    await expectToGoOn();
  });

  test("process.exit()", async () => {
    expect(await errorOf(exit)).toBe(
      "TASK_ENDED_THREAD peek_plugin_x.Exit ended its thread with exit code 3 before it returned. A handler has to return or throw",
    );
    await expectToGoOn();
  });

  test("an unhandled rejection, and a timer that throws", async () => {
    expect(await errorOf(lateThrow, '"rejection"')).toBe(
      "TASK_FAILED peek_plugin_x.LateThrow: uncaught error: Nobody waits for this",
    );
    expect(await errorOf(lateThrow, '"timer"')).toBe(
      "TASK_FAILED peek_plugin_x.LateThrow: uncaught error: Nobody catches this",
    );
    await expectToGoOn();
  });
});

test("A timer that a task leaves behind does not fire during the next task", async () => {
  expect(await errorOf(lateThrow, '"afterwards"')).toBe("done ");
  // On the thread with the timer, and on the other one.
  const beside = await Promise.all([errorOf(spin, "100"), errorOf(spin, "100")]);
  expect(beside).toEqual([expect.stringMatching(/^done /), expect.stringMatching(/^done /)]);
});

test.each([
  ["null", "TASK_FAILED peek_plugin_x.Throws: null was thrown, which is not an Error"],
  ["undefined", "TASK_FAILED peek_plugin_x.Throws: undefined was thrown, which is not an Error"],
  ["error", "TASK_FAILED peek_plugin_x.Throws: It is broken"],
  ["peek", "TASK_FAILED peek_plugin_x.Throws: STORAGE_BUSY: All are in use"],
  ["rejection", "TASK_REJECTED There is no such feeder"],
  ["proxy", "TASK_FAILED peek_plugin_x.Throws: an object was thrown whose properties cannot be read"],
])("A thrown value of the kind %s becomes one clear message", async (what, message) => {
  expect(await errorOf(throws, JSON.stringify(what))).toBe(message);
});

test("Input and output are checked, and errors name the task and the path", async () => {
  expect(await errorOf(negate, '"five"')).toMatch(
    /^TASK_INPUT_INVALID the input of peek_plugin_x.Negate does not match its schema\. \$: /,
  );
  expect(await errorOf(negate, "{")).toMatch(/^TASK_INPUT_INVALID peek_plugin_x.Negate: /);
  expect(await errorOf(wrongOutput)).toMatch(/^TASK_OUTPUT_INVALID the output of peek_plugin_x.WrongOutput .*\$\.n: /);
});

test("Of frequent progress reports, the first and the last are passed on", async () => {
  const received: string[] = [];
  const result = await start(progress, "100000", (value) => received.push(value)).result;
  expect(result).toEqual({ kind: "done", output: "100000" });
  expect(received[0]).toBe('{"done":1}');
  expect(received.at(-1)).toBe('{"done":100000}');
  expect(received.length).toBeLessThan(100);
});

test("An aborted task gets its signal, and a thread that ignores it is terminated", async () => {
  for (const what of ["obey", "ignore"]) {
    const started = Promise.withResolvers<void>();
    const run = start(waits, JSON.stringify(what), () => started.resolve());
    await started.promise;
    run.abort(new Error("The task was cancelled"), what === "obey" ? 60_000 : 10);
    const result = await run.result;
    expect(result.kind === "failed" && result.error.message).toMatch(
      what === "obey"
        ? /TASK_CANCELLED: The task was cancelled$/
        : /did not end after its signal fired: The task was cancelled$/,
    );
    await run.released;
  }
  await expectToGoOn();
});

test("Memory that is reused counts once", async () => {
  expect(await errorOf(garbage, "30")).toMatch(/^done \d+$/);
});
