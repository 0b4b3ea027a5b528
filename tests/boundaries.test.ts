import { existsSync } from "node:fs";
import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "./src/RunningProcess.ts";
import { makeFolder } from "./src/temporaryFolder.ts";
import { workspaceDir } from "./src/workspace.ts";

const bin = (name: string): string => join(workspaceDir, "node_modules", ".bin", name);

/** The checks by name; all run in a copy of the workspace. The linter reads only the planted file. */
const checks = {
  lint: (file: string) => ({ command: bin("oxlint"), args: [file] }),
  boundaries: () => ({ command: bin("turbo"), args: ["boundaries"] }),
  dependencies: () => ({ command: process.execPath, args: ["scripts/checkDependencies.ts"] }),
} as const;

/** A forbidden import, and the check that has to find it. */
interface Planted {
  readonly what: string;
  readonly file: string;
  readonly text: string;
  readonly check: "lint" | "boundaries" | "dependencies";
  readonly says: RegExp;
}

const tutorial = "plugins/peek-plugin-tutorial/src";
const planted: readonly Planted[] = [
  {
    what: "a plugin imports the loader",
    file: `${tutorial}/_private/logic/Planted.ts`,
    text: 'export { PluginLoader } from "@peek/loader";',
    check: "lint",
    says: /'@peek\/loader' import is restricted/,
  },
  {
    what: "a plugin imports a service",
    file: `${tutorial}/_private/logic/Planted.ts`,
    text: 'export { logicService } from "logic";',
    check: "lint",
    says: /'logic' import is restricted/,
  },
  {
    what: "a plugin imports the platform's part of plugin-base",
    file: `${tutorial}/_private/logic/Planted.ts`,
    text: 'export { ENTRY_HOOK_BRAND } from "@peek/plugin-base/internal";',
    check: "lint",
    says: /'@peek\/plugin-base\/internal' import is restricted/,
  },
  {
    what: "one service's part of a plugin imports another's",
    file: `${tutorial}/_private/logic/Planted.ts`,
    text: 'export { FieldEntryHook } from "../field/FieldEntryHook.ts";',
    check: "lint",
    says: /'\.\.\/field\/FieldEntryHook\.ts' import is restricted/,
  },
  {
    what: "shared code of a plugin imports one service's part",
    file: `${tutorial}/Planted.ts`,
    text: 'export { LogicEntryHook } from "./_private/logic/LogicEntryHook.ts";',
    check: "lint",
    says: /'\.\/_private\/logic\/LogicEntryHook\.ts' import is restricted/,
  },
  {
    what: "shared code of a plugin imports a module of Node",
    file: `${tutorial}/Planted.ts`,
    text: 'export { join } from "node:path";',
    check: "lint",
    says: /'node:path' import is restricted/,
  },
  {
    what: "code for browsers imports a module of Node",
    file: "packages/plugin-base/src/Planted.ts",
    text: 'export { join } from "node:path";',
    check: "lint",
    says: /'node:path' import is restricted/,
  },
  {
    what: "two files of a package import each other's types",
    file: "packages/errors/src/exitCodes.ts",
    text: 'import type { PeekError } from "./PeekError.ts";\nexport type ExitCode = PeekError["exitCode"];',
    check: "lint",
    says: /Dependency cycle detected/,
  },
  {
    what: "a package imports an undeclared dependency",
    file: "packages/config/src/Planted.ts",
    text: 'export { PluginLoader } from "@peek/loader";',
    check: "boundaries",
    says: /cannot import package `@peek\/loader` because it is not a dependency/,
  },
  {
    what: "a package depends on a package of a higher layer",
    file: "packages/config/package.json",
    text: JSON.stringify({ name: "@peek/config", version: "0.1.0", dependencies: { "@peek/loader": "workspace:*" } }),
    check: "dependencies",
    says: /packages\/config must not depend on @peek\/loader/,
  },
  {
    what: "a service imports another",
    file: "services/field/src/Planted.ts",
    text: 'export { logicService } from "logic";',
    check: "boundaries",
    says: /cannot import package `logic` because it is not a dependency/,
  },
];

describe("the import rules", () => {
  let copy: string;

  const check = async (name: Planted["check"], file = "."): Promise<{ code: number | null; output: string }> => {
    const { command, args } = checks[name](file);
    const { ending, stdout, stderr } = await runToEnd(command, {
      args,
      cwd: copy,
      env: { TURBO_TELEMETRY_DISABLED: "1" },
    });
    return { code: ending.code, output: stdout + stderr };
  };

  beforeAll(async () => {
    copy = await makeFolder();
    const { stdout } = await runToEnd("git", {
      args: ["ls-files", "--cached", "--others", "--exclude-standard"],
      cwd: workspaceDir,
    });
    // Git also lists files that were removed without a commit.
    for (const file of stdout
      .trim()
      .split("\n")
      .filter((each) => existsSync(join(workspaceDir, each)))) {
      await mkdir(dirname(join(copy, file)), { recursive: true });
      await cp(join(workspaceDir, file), join(copy, file));
    }
    await symlink(join(workspaceDir, "node_modules"), join(copy, "node_modules"));
    // Both need a repository.
    await runToEnd("git", { args: ["init", "-q"], cwd: copy });
  });

  afterAll(() => rm(copy, { recursive: true, force: true }));

  it("hold for the workspace", async () => {
    expect(await check("boundaries")).toMatchObject({ code: 0 });
    expect(await check("dependencies")).toMatchObject({ code: 0 });
    // Its other rules need the installed dependencies of each package, which the copy lacks.
    expect((await check("lint", "plugins")).output).not.toContain("no-restricted-imports");
  });

  it.each(planted)("$check finds that $what", async ({ file, text, check: name, says }) => {
    const path = join(copy, file);
    const isNew = !existsSync(path);
    const before = join(copy, "before");
    if (!isNew) await cp(path, before);
    await writeFile(path, `${text}\n`);
    const { code, output } = await check(name, file);
    await (isNew ? rm(path) : cp(before, path));
    expect(code).not.toBe(0);
    expect(output).toMatch(says);
  });
});
