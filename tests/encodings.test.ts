import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { peek } from "./src/peekCommand.ts";
import { TestHome } from "./src/TestHome.ts";

const config = (folder: string): string => `{\n    "plugin": { "softwarePath": "${folder}" }\n}\n`;

describe("a file in another encoding", () => {
  it.each([
    [
      "config.json in ISO 8859-1",
      "config.json",
      Buffer.from(config("/srv/Jürgen"), "latin1"),
      ["config", "set", "logic", "logging.level", "DEBUG"],
      "line 2 has 0xFC as its byte 40",
    ],
    [
      "config.json in UTF-16",
      "config.json",
      Buffer.from(`\uFEFF${config("/srv")}`, "utf16le"),
      ["config", "set", "logic", "logging.level", "DEBUG"],
      "it is UTF-16 (little endian), as PowerShell's > writes it",
    ],
    [
      "tokens.json in ISO 8859-1",
      "tokens/tokens.json",
      Buffer.from('{ "tokens": [], "note": "Jürgen" }', "latin1"),
      ["token", "create", "field"],
      "line 1 has 0xFC as its byte 27",
    ],
    [
      "users.json in ISO 8859-1",
      "users/users.json",
      Buffer.from('{\n"note": "Jürgen", "users": [] }', "latin1"),
      ["user", "list"],
      "line 2 has 0xFC as its byte 11",
    ],
  ])("%s is refused with 78 and where, and left as it was", async (_what, name, content, command, where) => {
    await using home = await TestHome.make();
    const file = join(home.dir, name);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content);
    const { code, stderr } = await peek(home.base, ...command);
    expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining(`${file} cannot be read: `) });
    expect(stderr).toContain(where);
    expect(await readFile(file)).toEqual(content);
  });

  it("is refused as a plugin's manifest", async () => {
    const name = "peek_plugin_old";
    await using home = await TestHome.with({}, [{ name }]);
    const file = join(home.dir, "plugin-software", "node_modules", "peek-plugin-old", "plugin_package.json");
    await writeFile(file, Buffer.from((await readFile(file, "utf8")).replace(`"${name}"`, '"Jürgen"'), "latin1"));
    const { code, stdout } = await peek(home.base, "config", "check");
    expect({ code, stdout }).toEqual({ code: 78, stdout: expect.stringContaining("it is not UTF-8: line 1 has 0xFC") });
  });

  it("is refused as an argument of peek", async () => {
    await using home = await TestHome.make();
    const { code, stderr } = await peek(home.base, "config", "set", "logic", "plugin.dataPath", "/srv/J\uFFFDrgen");
    expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringContaining("The argument is not UTF-8") });
  });
});
