import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "./src/temporaryFolder.ts";
import { workspaceDir } from "./src/workspace.ts";

/** The output of `pnpm typecheck` before it compiles. */
function check(dir: string): { readonly status: number | null; readonly lines: readonly string[] } {
  const script = join(workspaceDir, "scripts", "checkReferences.ts");
  const { status, stderr } = spawnSync(process.execPath, [script, dir], { encoding: "utf8" });
  return { status, lines: stderr.split("\n").filter((line) => line !== "") };
}

/** Writes a workspace with the dependencies and references of each folder. */
async function workspace(
  roots: Readonly<Record<string, readonly string[]>>,
  packages: Readonly<Record<string, { readonly needs: readonly string[]; readonly refersTo: readonly string[] }>>,
): Promise<string> {
  const dir = await temporaryFolder();
  const project = (paths: readonly string[]): string => JSON.stringify({ references: paths.map((path) => ({ path })) });
  for (const [file, paths] of Object.entries(roots)) await writeFile(join(dir, file), project(paths));
  for (const [path, { needs, refersTo }] of Object.entries(packages)) {
    await mkdir(join(dir, path), { recursive: true });
    const dependencies = Object.fromEntries(needs.map((name) => [name, "workspace:*"]));
    await writeFile(join(dir, path, "package.json"), JSON.stringify({ name: path.split("/")[1], dependencies }));
    await writeFile(join(dir, path, "tsconfig.json"), project(refersTo));
  }
  return dir;
}

it("a plugin without references to it, and a dependency without a reference, are reported with the line to add", async () => {
  const dir = await workspace(
    { "tsconfig.json": ["packages/base", "plugins/pump"], "tsconfig.tests.json": ["packages/base"] },
    {
      "packages/base": { needs: ["zod"], refersTo: [] },
      "plugins/pump": { needs: ["base", "zod"], refersTo: [] },
    },
  );
  const { status, lines } = check(dir);
  expect(status).toBe(1);
  expect(lines).toEqual([
    'tsconfig.tests.json does not refer to plugins/pump. Add { "path": "plugins/pump" } to its "references".',
    'plugins/pump/tsconfig.json does not refer to base. Add { "path": "../../packages/base" } to its "references".',
  ]);
});

it("no project reference of this workspace is missing", () => {
  expect(check(workspaceDir)).toEqual({ status: 0, lines: [] });
});
