import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runToEnd } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { workspaceDir } from "./src/workspace.ts";

const command = join(workspaceDir, "packages", "cli", "bin", "peek");
const tokenPattern = /^peek_agent_([a-z2-7]{8})_([\w-]{43})\n$/;

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function token(home: TestHome, ...args: readonly string[]): Promise<Answer> {
  const { ending, stdout, stderr } = await runToEnd(command, {
    args: ["token", ...args],
    env: { PEEK_HOME: home.base },
  });
  return { code: ending.code, stdout, stderr };
}

/** Makes a token, and returns its parts. */
async function created(
  home: TestHome,
  ...args: readonly string[]
): Promise<{ text: string; id: string; secret: string }> {
  const { code, stdout } = await token(home, "create", "agent", ...args);
  expect(code).toBe(0);
  const [, id = "", secret = ""] = tokenPattern.exec(stdout) ?? [];
  return { text: stdout.trim(), id, secret };
}

describe("peek token", () => {
  it("makes, lists and revokes tokens where logic has never run", async () => {
    await using home = await TestHome.make();
    expect(await token(home, "list")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("There are no tokens"),
    });

    const { code, stdout, stderr } = await token(home, "create", "agent", "--label", "plant 7", "--expires", "90d");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(tokenPattern) });
    const [, id = "", secret = "none"] = tokenPattern.exec(stdout) ?? [];
    expect(stderr).toContain(`token ${id} for agent`);
    expect(stderr).toContain("peek config set agent dataExchange.token -");
    expect(stderr).not.toContain(secret);

    await token(home, "create", "logic", "--expires", "2999-01-31");
    const json = await token(home, "list", "--json");
    expect(JSON.parse(json.stdout)).toEqual([
      { id, service: "agent", label: "plant 7", made: expect.any(String), expires: expect.any(String), state: "valid" },
      {
        id: expect.any(String),
        service: "logic",
        label: "",
        made: expect.any(String),
        expires: "2999-01-31T23:59:59.999Z",
        state: "valid",
      },
    ]);
    const table = await token(home, "list");
    expect(table.stdout).toMatch(/^ID +SERVICE +LABEL +CREATED +EXPIRES +STATE\n/);
    expect(table.stdout).toMatch(new RegExp(`^${id} +agent +plant 7 .* valid$`, "m"));

    expect(await token(home, "revoke", id)).toEqual({
      code: 0,
      stdout: `revoked ${id}, for agent (plant 7)\n`,
      stderr: "",
    });
    expect(await token(home, "revoke", id)).toMatchObject({ code: 0 });
    expect((await token(home, "list")).stdout).toMatch(new RegExp(`^${id} .* revoked$`, "m"));
    for (const shown of [json, table]) expect(shown.stdout).not.toContain(secret);
    const file = join(home.dir, "tokens", "tokens.json");
    expect(await readFile(file, "utf8")).not.toContain(secret);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("prints a token that peek config set accepts", async () => {
    await using home = await TestHome.make();
    const line = `'${command}' token create agent | '${command}' config set agent dataExchange.token -`;
    const { ending } = await runToEnd("sh", { args: ["-c", line], env: { PEEK_HOME: home.base } });
    expect(ending.code).toBe(0);
    const config = await readFile(join(home.base, "peek-agent-service.home", "config.json"), "utf8");
    expect(JSON.parse(config)).toMatchObject({ dataExchange: { token: expect.stringMatching(/^peek_agent_/) } });
  });

  it("prints a token that peek config set reads from a pipe that stays open", async () => {
    await using home = await TestHome.make();
    const line = `mkfifo fifo; exec 3<>fifo; echo secret >&3; '${command}' config set agent dataExchange.nats.password - <&3`;
    const { ending } = await runToEnd("sh", { args: ["-c", line], cwd: home.base, env: { PEEK_HOME: home.base } });
    expect(ending.code).toBe(0);
  });

  it("prints a token that peek config set validates before it stores it", async () => {
    await using home = await TestHome.make();
    const { text } = await created(home);
    const set = async (service: string, value: string): Promise<Answer> => {
      const args = ["config", "set", service, "dataExchange.token", value];
      const { ending, stdout, stderr } = await runToEnd(command, { args, env: { PEEK_HOME: home.base } });
      return { code: ending.code, stdout, stderr };
    };
    for (const wrong of [text.slice(0, -1), "peek_agent_hello", "14"]) {
      expect(await set("agent", wrong)).toMatchObject({ code: 78, stderr: expect.stringContaining("is malformed") });
    }
    expect(await set("field", text)).toMatchObject({ code: 78, stderr: expect.stringContaining("is for agent") });
    expect(await set("agent", text)).toMatchObject({ code: 0 });
  });

  it("refuses to revoke an unknown id, and prints no part of a token", async () => {
    await using home = await TestHome.make();
    const { text } = await created(home);
    for (const id of ["aaaaaaaa", text]) {
      const { code, stderr } = await token(home, "revoke", id);
      expect(code).toBe(78);
      expect(stderr).toMatch(/^peek: There is no token .* See peek token list\.\n$/);
      expect(stderr).not.toContain(text);
    }
  });

  it("does not change a damaged file", async () => {
    await using home = await TestHome.make();
    const { id } = await created(home);
    const file = join(home.dir, "tokens", "tokens.json");
    await writeFile(file, "{");
    for (const args of [["create", "agent"], ["list"], ["revoke", id]]) {
      const { code, stderr } = await token(home, ...args);
      expect(code).toBe(78);
      expect(stderr).toContain(`${file} is not JSON`);
    }
    expect(await readFile(file, "utf8")).toBe("{");
  });
});
