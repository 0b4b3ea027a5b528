import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineTask, TaskRejection } from "@peek/plugin-base/contracts";
import { caught } from "./caught.ts";

const define = defineTask as (name: unknown, options: unknown) => unknown;
const name = "peek_plugin_pumps.CountTurns";

describe("defineTask", () => {
  it("without an input defines a task that takes nothing", () => {
    for (const { input, output } of [defineTask(name), defineTask(name, {}), defineTask(name, { weight: "light" })]) {
      expect(input.safeParse(undefined).success).toBe(true);
      expect(input.safeParse(5).success).toBe(false);
      expect(output).toBeUndefined();
    }
  });

  it("knows its name and plugin, has defaults, and is not changed any more", () => {
    const input = z.int();
    const task = defineTask(name, { input });
    expect(task).toStrictEqual({
      name,
      plugin: "peek_plugin_pumps",
      input,
      output: undefined,
      weight: "heavy",
      deadlineMs: 60_000,
      memoryMb: 512,
      version: 1,
      retry: { tries: 3, delayMs: 1000, maxDelayMs: 60_000 },
    });
    expect(Object.isFrozen(task) && Object.isFrozen(task.retry)).toBe(true);
  });

  it("takes what is said of it, up to the bounds", () => {
    const traits = { weight: "light", deadlineMs: 86_400_000, memoryMb: 16, version: 1_000_000 } as const;
    const output = z.string();
    const task = defineTask(name, { input: z.int(), output, ...traits, retry: { tries: 100, delayMs: 0 } });
    expect(task).toMatchObject({ ...traits, output, retry: { tries: 100, delayMs: 0, maxDelayMs: 60_000 } });
  });

  it.each<[string, unknown, string]>([
    ["an input that is no schema", { input: Number }, "its input has to be a zod schema"],
    ["an output that is no schema", { input: z.int(), output: "int" }, "its output has to be a zod schema"],
    ["another weight", { input: z.int(), weight: "medium" }, 'its weight is "medium". It is "light" or "heavy"'],
    ["no deadline", { input: z.int(), deadlineMs: 0 }, "its deadlineMs is 0. It is a whole number from 1 to 86400000"],
    ["a deadline for ever", { input: z.int(), deadlineMs: Infinity }, "its deadlineMs is null. It is a whole number"],
    [
      "too little memory",
      { input: z.int(), memoryMb: 15 },
      "its memoryMb is 15. It is a whole number from 16 to 65536",
    ],
    ["half a version", { input: z.int(), version: 1.5 }, "its version is 1.5. It is a whole number from 1 to 1000000"],
    ["no tries", { input: z.int(), retry: { tries: 0 } }, "its tries is 0. It is a whole number from 1 to 100"],
    ["too many tries", { input: z.int(), retry: { tries: 101 } }, "its tries is 101"],
    ["a pause that is a text", { input: z.int(), retry: { delayMs: "5" } }, 'its delayMs is "5"'],
    ["a pause below nothing", { input: z.int(), retry: { maxDelayMs: -1 } }, "its maxDelayMs is -1"],
  ])("refuses %s", (_, options, message) => {
    const error = caught(() => define(name, options));
    expect(error).toMatchObject({ code: "CONTRACT_INVALID", fields: { name } });
    expect(error.message).toContain(`The task ${name} cannot be defined: ${message}`);
  });

  it.each([
    ["CountTurns", "peek_plugin_tutorial.CountTurns"],
    ["peek_plugin_pumps.countTurns", "peek_plugin_pumps.CountTurns"],
    [5, "peek_plugin_tutorial.StringInt"],
  ])("refuses the name %j and says how it would be right", (wrong, right) => {
    const error = caught(() => define(wrong, { input: z.int() }));
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message).toContain("cannot be the name of a task");
    expect(error.message.endsWith(right)).toBe(true);
  });
});

describe("TaskRejection", () => {
  it("differs from every other error, and is recognized from another copy of the package", () => {
    const rejection = new TaskRejection("There is no such pump", { fields: { pump: 5 } });
    expect(rejection).toMatchObject({ code: "TASK_REJECTED", fields: { pump: 5 } });
    expect(TaskRejection.is(rejection)).toBe(true);
    const other = Object.assign(Object.create(Error.prototype) as object, {
      code: "TASK_REJECTED",
      [Symbol.for("peek.error")]: true,
      [Symbol.for("peek.task-rejection")]: true,
    });
    expect(TaskRejection.is(other)).toBe(true);
    expect([null, new Error("no"), caught(() => define("", {}))].map((value) => TaskRejection.is(value))).toEqual([
      false,
      false,
      false,
    ]);
  });
});
