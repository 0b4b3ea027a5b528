import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "./src/RunningProcess.ts";
import { makeFolder } from "./src/temporaryFolder.ts";
import { workspaceDir } from "./src/workspace.ts";

/** Texts of code, and the lines and words that are reported. */
const code: readonly (readonly [string, readonly string[]])[] = [
  ["/** What is waiting. */", ["1: What is waiting."]],
  ["/**\n * Notifies whoever asks; milliseconds.\n */", ["2: whoever", "2: ; milliseconds."]],
  ['throw new Error("The server was not closed as it should");', ["1: as it should"]],
  ["// Tells of a loss, and mends it.", ["1: mends", "1: Tells of"]],
  ["const whoever = 1;", []],
  ['import { whatever } from "./whatever.ts";', []],
  ["/** Whether the bucket is full. */", []],
  ["/** What is it? */", []],
  ["/** The longest wait in milliseconds. Default: 5000. */", []],
];
const page = "# Page\n\nNobody tells of it. `whoever` stays.\n\n```ts\n// whoever\n```\n\n- What comes first wins.\n";

describe("the check of the wording", () => {
  let output: string;

  // One run of the script checks all files.
  beforeAll(async () => {
    const dir = await makeFolder();
    const texts = new Map([...code.map(([text], index) => [`${index}.ts`, text] as const), ["page.md", page]]);
    for (const [name, text] of texts) await writeFile(join(dir, name), text);
    const script = join(workspaceDir, "scripts", "checkProse.ts");
    output = (await runToEnd(process.execPath, { args: [script, dir] })).stderr;
    await rm(dir, { recursive: true });
  });

  /** The lines and words that the script has reported of a file. */
  const foundIn = (name: string): readonly string[] =>
    output
      .split("\n")
      .filter((line) => line.includes(`/${name}:`))
      .map((line) => /:(\d+): “(.*?)”\. /.exec(line))
      .map((match) => `${match?.[1]}: ${match?.[2]}`);

  it.each(code.map(([text, expected], index) => ({ text, expected, name: `${index}.ts` })))(
    "finds in the code $text: $expected",
    ({ name, expected }) => {
      expect(foundIn(name)).toEqual(expected);
    },
  );

  it("skips blocks and spans of code in a document", () => {
    expect(foundIn("page.md")).toEqual(["3: tells of", "9: What comes first wins."]);
  });
});
