import { describe, expect, it } from "vitest";
import { proseFaults } from "../scripts/proseFaults.ts";

const found = (file: string, text: string): readonly string[] =>
  proseFaults(file, text).map(({ line, found }) => `${line}: ${found}`);

describe("the check of the wording", () => {
  it.each([
    ["/** What is waiting. */", ["1: What is waiting."]],
    ["/**\n * Notifies whoever asks; milliseconds.\n */", ["2: whoever", "2: ; milliseconds."]],
    ['throw new Error("The server was not closed as it should");', ["1: as it should"]],
    ["// Tells of a loss, and mends it.", ["1: mends", "1: Tells of"]],
    ["const whoever = 1;", []],
    ['import { whatever } from "./whatever.ts";', []],
    ["/** Whether the bucket is full. */", []],
    ["/** What is it? */", []],
    ["/** The longest wait in milliseconds. Default: 5000. */", []],
  ])("in code finds in %j: %j", (text, expected) => {
    expect(found("src/file.ts", text)).toEqual(expected);
  });

  it("in a document skips blocks and spans of code", () => {
    const page =
      "# Page\n\nNobody tells of it. `whoever` stays.\n\n```ts\n// whoever\n```\n\n- What comes first wins.\n";
    expect(found("docs/page.md", page)).toEqual(["3: tells of", "9: What comes first wins."]);
  });
});
