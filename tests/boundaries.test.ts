import { existsSync } from "node:fs";
import { cp, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "./src/RunningProcess.ts";
import { makeFolder } from "./src/temporaryFolder.ts";
import { workspaceDir } from "./src/workspace.ts";

const bin = (name: string): string => join(workspaceDir, "node_modules", ".bin", name);

/** The checks by name; all run in a copy of the workspace. The linter reads only the planted files, and prints one line for each fault. */
const checks = {
  lint: (files: readonly string[]) => ({ command: bin("oxlint"), args: ["--format=unix", ...files] }),
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
    file: `${tutorial}/_private/logic/PlantedLoader.ts`,
    text: 'export { PluginLoader } from "@peek/loader";',
    check: "lint",
    says: /'@peek\/loader' import is restricted/,
  },
  {
    what: "a plugin imports a service",
    file: `${tutorial}/_private/logic/PlantedService.ts`,
    text: 'export { logicService } from "logic";',
    check: "lint",
    says: /'logic' import is restricted/,
  },
  {
    what: "a plugin imports the platform's part of plugin-base",
    file: `${tutorial}/_private/logic/PlantedInternal.ts`,
    text: 'export { ENTRY_HOOK_BRAND } from "@peek/plugin-base/internal";',
    check: "lint",
    says: /'@peek\/plugin-base\/internal' import is restricted/,
  },
  {
    what: "one service's part of a plugin imports another's",
    file: `${tutorial}/_private/logic/PlantedOtherPart.ts`,
    text: 'export { FieldEntryHook } from "../field/FieldEntryHook.ts";',
    check: "lint",
    says: /'\.\.\/field\/FieldEntryHook\.ts' import is restricted/,
  },
  {
    what: "shared code of a plugin imports one service's part",
    file: `${tutorial}/PlantedPart.ts`,
    text: 'export { LogicEntryHook } from "./_private/logic/LogicEntryHook.ts";',
    check: "lint",
    says: /'\.\/_private\/logic\/LogicEntryHook\.ts' import is restricted/,
  },
  {
    what: "shared code of a plugin imports a module of Node",
    file: `${tutorial}/PlantedNode.ts`,
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

  const check = async (
    name: Planted["check"],
    files: readonly string[] = ["."],
  ): Promise<{ code: number | null; output: string }> => {
    const { command, args } = checks[name](files);
    const { ending, stdout, stderr } = await runToEnd(command, {
      args,
      cwd: copy,
      env: { TURBO_TELEMETRY_DISABLED: "1" },
    });
    return { code: ending.code, output: stdout + stderr };
  };

  /** Plants all forbidden imports that a check has to find, and runs it once. */
  const checkPlanted = async (name: Planted["check"]): Promise<{ code: number | null; output: string }> => {
    await using restored = new AsyncDisposableStack();
    const ofCheck = planted.filter((each) => each.check === name);
    for (const { file, text } of ofCheck) {
      const path = join(copy, file);
      const original = join(workspaceDir, file);
      await writeFile(path, `${text}\n`);
      restored.defer(() => (existsSync(original) ? cp(original, path) : rm(path)));
    }
    return await check(
      name,
      ofCheck.map(({ file }) => file),
    );
  };
  const results = new Map<Planted["check"], ReturnType<typeof checkPlanted>>();
  const resultOf = (name: Planted["check"]): ReturnType<typeof checkPlanted> => {
    const result = results.get(name) ?? checkPlanted(name);
    results.set(name, result);
    return result;
  };

  beforeAll(async () => {
    copy = await makeFolder();
    // Git also lists files that were removed without a commit.
    const list = "git ls-files -z --cached --others --exclude-standard";
    const script = `${list} | tar --create --null --ignore-failed-read --files-from=- | tar --extract --directory="$1"`;
    const { ending, stderr } = await runToEnd("sh", { args: ["-c", script, "sh", copy], cwd: workspaceDir });
    if (ending.code !== 0) throw new Error(`Failed to copy the workspace: ${stderr}`);
    await symlink(join(workspaceDir, "node_modules"), join(copy, "node_modules"));
    // Both need a repository.
    await runToEnd("git", { args: ["init", "-q"], cwd: copy });
  });

  afterAll(() => rm(copy, { recursive: true, force: true }));

  it("hold for the workspace", async () => {
    expect(await check("boundaries")).toMatchObject({ code: 0 });
    expect(await check("dependencies")).toMatchObject({ code: 0 });
    // Its other rules need the installed dependencies of each package, which the copy lacks.
    expect((await check("lint", ["plugins"])).output).not.toContain("no-restricted-imports");
  });

  it.each(planted)("$check finds that $what", async ({ file, check: name, says }) => {
    const { code, output } = await resultOf(name);
    expect(code).not.toBe(0);
    // The linter begins each line with the file.
    const lines = output.split("\n").filter((line) => name !== "lint" || line.startsWith(`${file}:`));
    expect(lines.join("\n")).toMatch(says);
  });
});
