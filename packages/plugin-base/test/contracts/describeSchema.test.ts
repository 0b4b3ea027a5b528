import { describeSchema } from "@peek/plugin-base/contracts";
import { expect, it } from "vitest";
import { z } from "zod";

interface Tree {
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.object({
  get children() {
    return z.array(tree);
  },
});

const fields = {
  ...{ int: z.int(), text: z.string().min(1).max(20), maybe: z.string().optional(), choice: z.enum(["a", "b"]) },
  ...{ either: z.union([z.literal("x"), z.bigint().min(2n)]), at: z.date(), list: z.array(z.object({ id: z.int() })) },
  ...{ later: z.string().default(() => `${Math.random()}`), level: z.number().transform((level) => level + 1), tree },
};

it("describeSchema() has the same text for equal schemas, in any order of their fields", () => {
  const text = describeSchema(z.object(fields));
  expect(describeSchema(z.object(Object.fromEntries(Object.entries(fields).reverse())))).toBe(text);
  expect(text.length).toBeLessThan(5000);
});

it.each<[string, Record<string, z.ZodType>]>([
  ["another field", { extra: z.string() }],
  ["another type", { int: z.number() }],
  ["another limit", { text: z.string().min(1).max(21) }],
  ["a required field", { maybe: z.string() }],
  ["another choice", { choice: z.enum(["a", "c"]) }],
  ["a type within a list", { list: z.array(z.object({ id: z.string() })) }],
  ["a big integer", { either: z.union([z.literal("x"), z.bigint().min(3n)]) }],
])("describeSchema() differs by %s", (_what, changed) => {
  expect(describeSchema(z.object({ ...fields, ...changed }))).not.toBe(describeSchema(z.object(fields)));
});
