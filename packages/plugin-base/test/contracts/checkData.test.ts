import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkData } from "@peek/plugin-base/contracts";
import { caught } from "./caught.ts";

const what = "the input of peek_plugin_tutorial.RpcForAgent.addInts";
const schema = z.object({
  a: z.int(),
  list: z.array(z.object({ name: z.string().max(5) })).default([]),
  mode: z.enum(["slow", "fast"]).optional(),
  either: z.union([z.string(), z.object({ id: z.int() })]).optional(),
});

describe("checkData", () => {
  it("gives what the schema makes of the data", () => {
    expect(checkData(schema, { a: 1, other: 2 }, what)).toStrictEqual({ a: 1, list: [] });
    expect(checkData(z.undefined(), undefined, what)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [{ a: "x" }, "$.a: expected number, received string"],
    [{ a: 1, list: [{ name: "x" }, { name: 5 }] }, "$.list[1].name: expected string, received number"],
    [{ a: 1, list: [{ name: "longer" }] }, "$.list[0].name: Too big: expected string to have <=5 characters"],
    [{ a: 1, mode: "slwo" }, '$.mode: expected one of "slow"|"fast"'],
    [{ a: 1, either: { id: "x" } }, "$.either.id: expected number, received string"],
    [{ a: 1, either: 5 }, "$.either: expected string, received number, or expected object, received number"],
    [undefined, "$: expected object, received undefined"],
  ])("%j", (value, mistake) => {
    const error = caught(() => checkData(schema, value, what));
    expect(error.message).toBe(`${what} does not match its schema. ${mistake}`);
    expect(error).toMatchObject({
      code: "DATA_INVALID",
      fields: { path: mistake.split(":", 1)[0], issues: [mistake] },
    });
  });

  it("tells the first three mistakes, and how many more there are", () => {
    const error = caught(() => checkData(z.array(z.int()), ["a", "b", "c", "d", "e"], what));
    expect(error.message).toMatch(/\$\[2\]: expected number, received string; and 2 more$/);
    expect(error.fields["issues"]).toHaveLength(3);
  });

  it("does not show the data, nor much of what a schema says of it", () => {
    const secret = "secret".repeat(1000);
    const telling = z.string().refine(() => false, { error: (issue) => `${"not ".repeat(30)}${String(issue.input)}` });
    for (const [schema, value] of [
      [telling, secret],
      [z.strictObject({}), { [secret]: 1 }],
      [z.record(z.string(), z.int()), { [secret]: "x" }],
    ] as const) {
      expect(caught(() => checkData(schema, value, what)).message.length).toBeLessThan(400);
    }
    expect(caught(() => checkData(z.int(), secret, what)).message).not.toContain("secret");
  });

  it("blames the schema when it throws or is asynchronous", () => {
    const cause = new Error("oh");
    const throwing = z.string().refine(() => {
      throw cause;
    });
    const thrown = caught(() => checkData(throwing, "x", what));
    expect(thrown).toMatchObject({ code: "CONTRACT_INVALID", cause });
    expect(thrown.message).toContain(`The schema of ${what} threw an error instead of reporting the mistake: oh`);
    const asynchronous = caught(() =>
      checkData(
        z.string().refine(async () => true),
        "x",
        what,
      ),
    );
    expect(asynchronous.code).toBe("CONTRACT_INVALID");
    expect(asynchronous.message).toContain("synchronous");
  });
});
