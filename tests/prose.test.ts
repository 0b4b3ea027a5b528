import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runToEnd } from "./src/RunningProcess.ts";
import { temporaryFolder } from "./src/temporaryFolder.ts";
import { workspaceDir } from "./src/workspace.ts";

/** The lines and findings that `scripts/checkProse.ts` reports of a file. */
async function found(name: string, text: string): Promise<readonly string[]> {
  const file = join(await temporaryFolder(), name);
  await writeFile(file, text);
  const { stderr } = await runToEnd(process.execPath, { args: [join(workspaceDir, "scripts", "checkProse.ts"), file] });
  return [...stderr.matchAll(/:(\d+): “(.*?)”\. /g)].map(([, line, words]) => `${line}: ${words}`);
}

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
  ])("finds in the code %j: %j", async (text, expected) => {
    expect(await found("file.ts", text)).toEqual(expected);
  });

  it("skips blocks and spans of code in a document", async () => {
    const page =
      "# Page\n\nNobody tells of it. `whoever` stays.\n\n```ts\n// whoever\n```\n\n- What comes first wins.\n";
    expect(await found("page.md", page)).toEqual(["3: tells of", "9: What comes first wins."]);
  });
});
