import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { explainIssues, readJsonDocument } from "@peek/config";
import { temporaryFolder } from "./temporaryFolder.ts";

const schema = z.strictObject({
  title: z.string().min(1).max(5).default("x"),
  count: z.int().min(1).max(9).default(1),
  mode: z.enum(["one", "two"]).default("one"),
  fixed: z.literal("only").default("only"),
  on: z.boolean().default(true),
  names: z.array(z.string()).min(1).max(2).default(["a"]),
  versions: z
    .record(
      z.string().regex(/^[a-z]+$/, { error: "a name of small letters" }),
      z.union([z.string(), z.strictObject({ version: z.string(), optional: z.boolean().optional() })]),
    )
    .default({}),
  free: z.custom((value) => value !== "bad", { error: "anything but bad" }).optional(),
});
const example = { ...schema.parse({}), versions: { other: "^1.0.0" } };

function explain(text: string): readonly string[] {
  const file = join(temporaryFolder(), "document.json");
  writeFileSync(file, text);
  const kind = { unreadable: "CONFIG_UNREADABLE", malformed: "CONFIG_MALFORMED", example: "{}" } as const;
  const document = readJsonDocument(file, kind);
  if (document === undefined) throw new Error("The file was written just now");
  return explainIssues(document, schema.safeParse(document.value).error?.issues ?? [], example);
}

describe("explainIssues", () => {
  it.each([
    ['{"title": ""}', 'line 1, title: is ""; expected text with a length of at least 1. For example: "title": "x"'],
    [
      '{"title": "sixsix"}',
      'line 1, title: is "sixsix"; expected text with a length of at most 5. For example: "title": "x"',
    ],
    ['{\n"title": 3}', 'line 2, title: is 3; expected text in double quotes. For example: "title": "x"'],
    ['{"count": 0}', 'line 1, count: is 0; expected a number of at least 1. For example: "count": 1'],
    ['{"count": 1.5}', 'line 1, count: is 1.5; expected a whole number. For example: "count": 1'],
    ['{"count": []}', 'line 1, count: is []; expected a number. For example: "count": 1'],
    ['{"mode": "three"}', 'line 1, mode: is "three"; expected one of "one", "two". For example: "mode": "one"'],
    ['{"fixed": "x"}', 'line 1, fixed: is "x"; expected "only". For example: "fixed": "only"'],
    ['{"on": 1}', 'line 1, on: is 1; expected true or false. For example: "on": true'],
    ['{"names": {}}', 'line 1, names: is {}; expected a list [ ]. For example: "names": ["a"]'],
    ['{"names": []}', 'line 1, names: is []; expected a list with a length of at least 1. For example: "names": ["a"]'],
    ['{"names": [\n"a",\n2]}', 'line 3, names[1]: is 2; expected text in double quotes. For example: "names": ["a"]'],
    ['{"free": "bad"}', 'line 1, free: is "bad"; expected anything but bad'],
    ["7", "the file as a whole: is 7; expected an object { }"],
  ])("%s", (text, sentence) => {
    expect(explain(text)).toEqual([sentence]);
  });

  it("takes the form of several that comes nearest, where a value may have several", () => {
    expect(explain('{"versions": {"a":\n {"version": 1}}}')).toEqual([
      'line 2, versions.a.version: is 1; expected text in double quotes. For example: "versions": {"other":"^1.0.0"}',
    ]);
  });

  it("names all forms where the value has none of them", () => {
    const [sentence] = explain('{"versions": {"a": 7}}');
    expect(sentence).toContain("line 1, versions.a: is 7; expected text in double quotes, or an object { }");
  });

  it("says what a name has to be", () => {
    const [sentence] = explain('{"versions": {"BIG": "1"}}');
    expect(sentence).toContain("versions.BIG");
    expect(sentence).toContain("expected a name of small letters");
  });

  it("keeps a long value short", () => {
    expect(explain(`{"mode": "${"x".repeat(500)}"}`)[0]?.length).toBeLessThan(200);
  });
});
