import { chown, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { workspaceDir } from "./src/workspace.ts";

const command = join(workspaceDir, "packages", "cli", "bin", "peek");

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `peek user` with a text as its standard input. */
async function user(home: TestHome, input: string, ...args: readonly string[]): Promise<Answer> {
  const { ending, stdout, stderr } = await runToEnd("/bin/sh", {
    args: ["-c", 'input=$1; shift; printf "%s" "$input" | "$@"', "sh", input, command, "user", ...args],
    env: { PEEK_HOME: home.base },
  });
  return { code: ending.code, stdout, stderr };
}

describe("peek user", () => {
  it("makes, lists, changes and removes users where logic has never run", async () => {
    await using home = await TestHome.make();
    expect(await user(home, "", "list")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("There are no users"),
    });
    const added = await user(home, "correct horse\n", "add", "anna", "--group", "admin", "-g", "ops");
    expect(added).toMatchObject({ code: 0, stdout: "added anna, in admin, ops\n" });
    expect(added.stderr).toContain("logic has no home here yet");
    const text = await readFile(join(home.dir, "users", "users.json"), "utf8");
    expect(text).not.toContain("correct horse");

    expect(await user(home, "", "disable", "ANNA")).toMatchObject({ code: 0, stdout: "disabled anna\n" });
    const json = await user(home, "", "list", "--json");
    expect(JSON.parse(json.stdout)).toEqual([
      {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        name: "anna",
        groups: ["admin", "ops"],
        made: expect.any(String),
        state: "disabled",
      },
    ]);
    expect(await user(home, "", "enable", "anna")).toMatchObject({ code: 0, stdout: "enabled anna\n" });
    expect((await user(home, "", "list")).stdout).toMatch(
      /^NAME +GROUPS +CREATED +STATE +ID\nanna +admin,ops +\S+ +enabled +[\da-f-]{36}\n$/,
    );
    expect(await user(home, "", "groups", "Anna", "ops", "office", "ops")).toMatchObject({
      code: 0,
      stdout: "anna is in ops, office\n",
    });
    expect(await user(home, "", "groups", "anna", "--none")).toMatchObject({
      code: 0,
      stdout: "anna is in no group\n",
    });
    expect(await user(home, "", "groups", "anna")).toMatchObject({ code: 64, stdout: "" });
    expect((await user(home, "", "list")).stdout).toMatch(/\nanna +- +\S+ +enabled +\S+\n$/);
    expect(await user(home, "battery staple\n", "passwd", "anna")).toMatchObject({ code: 0 });
    expect(await readFile(join(home.dir, "users", "users.json"), "utf8")).not.toBe(text);
    const idOf = async (): Promise<unknown> => {
      const [only] = JSON.parse((await user(home, "", "list", "--json")).stdout) as { id: unknown }[];
      return only?.id;
    };
    const before = await idOf();
    expect(await user(home, "", "rename", "ANNA", "Anna.Smith")).toMatchObject({
      code: 0,
      stdout: "renamed anna to Anna.Smith\n",
    });
    expect(await idOf()).toBe(before);
    expect(await user(home, "", "rename", "anna.smith", "anna")).toMatchObject({ code: 0 });
    expect(await user(home, "", "remove", "anna")).toMatchObject({ code: 0, stdout: "removed anna\n" });
    expect((await user(home, "", "list")).stdout).toContain("There are no users");
    expect((await user(home, "correct horse\n", "add", "anna")).code).toBe(0);
    expect(await idOf()).not.toBe(before);
  });

  describe("where there is a user anna", () => {
    let home: TestHome;

    beforeAll(async () => {
      home = await TestHome.make();
      expect((await user(home, "correct horse\n", "add", "anna")).code).toBe(0);
    });

    afterAll(() => home[Symbol.asyncDispose]());

    it.each([
      ["seven 7\n", ["add", "berta"], "A password needs at least 8 characters."],
      ["", ["add", "berta"], "The password is empty. It needs at least 8 characters."],
      ["correct horse\n", ["add", "a b"], "is not a valid name of a user"],
      ["correct horse\n", ["add", "Anna"], "There is a user anna already."],
      ["correct horse\n", ["passwd", "berta"], 'There is no user "berta"'],
      ["", ["groups", "berta", "ops"], 'There is no user "berta"'],
      ["", ["groups", "anna", "a b"], "is not a valid name of a group"],
      ["", ["rename", "berta", "carl"], 'There is no user "berta"'],
      ["", ["rename", "anna", "a b"], "is not a valid name of a user"],
      ["", ["disable", "berta"], 'There is no user "berta"'],
      ["", ["remove", "berta"], 'There is no user "berta"'],
    ])("given the input %j, %j is refused with a clear message", async (input, args, message) => {
      const { code, stdout, stderr } = await user(home, input, ...args);
      expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
      expect(stderr).toContain(message);
      expect(stderr).not.toMatch(/\n {4}at /);
    });
  });

  it.runIf(process.getuid?.() === 0)("leaves the files to the account of logic when root runs it", async () => {
    await using home = await TestHome.make();
    await chown(home.base, 12_345, 12_346);
    expect((await user(home, "correct horse\n", "add", "anna")).code).toBe(0);
    const users = join(home.dir, "users");
    for (const made of [home.dir, users, join(users, "users.json")]) {
      expect(await stat(made)).toMatchObject({ uid: 12_345, gid: 12_346 });
    }
    await chown(join(users, "users.json"), 23_456, 23_457);
    expect((await user(home, "", "disable", "anna")).code).toBe(0);
    expect(await stat(join(users, "users.json"))).toMatchObject({ uid: 23_456, gid: 23_457 });
    expect(await readdir(users)).toEqual(["users.json"]);
  });
});
