import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runToEnd } from "./src/RunningProcess.ts";
import { workspaceDir } from "./src/workspace.ts";

describe("the sources", () => {
  it.each([
    ["have sound types, type tests included", "tsc", ["-b"]],
    ["pass the linter", "oxlint", []],
    ["are formatted", "oxfmt", ["--check"]],
    ["import declared dependencies only", "turbo", ["boundaries"]],
    ["hold nothing that is not used", "knip", ["--no-config-hints"]],
  ])("%s", async (_what, command, args) => {
    const program = join(workspaceDir, "node_modules", ".bin", command);
    const { ending, stdout, stderr } = await runToEnd(program, { args, cwd: workspaceDir });
    expect({ code: ending.code, output: ending.code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
  });
});
