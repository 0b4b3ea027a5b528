import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServiceHome, serviceHome } from "@peek/config";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { peek } from "./peek.ts";

// tests/cli.test.ts shows that the process prints and exits like this.
beforeEach(() => {
  const base = mkdtempSync(join(tmpdir(), "peek-cli-"));
  vi.stubEnv("PEEK_HOME", base);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(base, { recursive: true, force: true });
  });
});

describe("peek prints the help of", () => {
  it.each([
    [""],
    ["config"],
    ["config set"],
    ["plugin enable"],
    ["run"],
    ["storage status"],
    ["storage migrate"],
    ["storage rollback"],
    ["storage copy"],
    ["token create"],
    ["token list"],
    ["token revoke"],
  ])("%s", async (command) => {
    const { code, stdout, stderr } = await peek(...command.split(" ").filter(Boolean), "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(["Usage: peek", command].join(" ").trimEnd());
  });
});

describe("a wrong command line is refused with exit code 64, and makes no file:", () => {
  it.each([
    [["no-such"]],
    [["config", "get", "nowhere"]],
    [["config", "get"]],
    [["plugin", "list", "--colour"]],
    [["plugin", "list", "-s", "logic,feild"]],
  ])("%s", async (args) => {
    await isRefused(args);
    expect((await peek(...args)).stderr).toMatch(/^error: /);
  });

  it.each([
    [[]],
    [["create"]],
    [["create", "donkey"]],
    [["create", "agent", "--expires", "soon"]],
    [["create", "agent", "--expires", "0d"]],
    [["create", "agent", "--expires", "2020-01-31"]],
    [["create", "agent", "--expires", "2999-02-30"]],
    [["create", "agent", "--label", "x".repeat(101)]],
    [["revoke"]],
    [["list", "--colour"]],
  ])("token %s", (args) => isRefused(["token", ...args]));

  it.each([[[]], [["add"]], [["passwd"]], [["remove"]], [["list", "--colour"]], [["add", "anna", "--group"]]])(
    "user %s",
    (args) => isRefused(["user", ...args]),
  );

  it.each([[["--as", "donkey"]], [["--timeout", "0"]], [["--timeout", "soon"]], [["--colour"]]])("status %s", (args) =>
    isRefused(["status", ...args]),
  );

  async function isRefused(args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await peek(...args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(existsSync(serviceHome("logic").dir)).toBe(false);
  }
});

describe("peek storage", () => {
  it.each([
    [[]],
    [["status", "now"]],
    [["rollback"]],
    [["rollback", "peek_plugin_tutorial", "--yes"]],
    [["copy"]],
    [["copy", "mysql://user:geheim@host/database", "--yes"]],
    [["copy", "embedded", "--yes"]],
    [["migrate", "--colour"]],
  ])("%s is refused, without a stack or a password", async (args) => {
    const home = serviceHome("logic");
    createServiceHome(home);
    writeFileSync(home.configFile, JSON.stringify({ plugin: { enabled: ["peek_plugin_tutorial"] } }));
    const { code, stderr } = await peek("storage", ...args);
    expect([64, 78]).toContain(code);
    expect(stderr).not.toMatch(/geheim|\n {4}at /);
  });
});
