import { existsSync, globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { runToEnd } from "./src/RunningProcess.ts";
import { workspaceDir } from "./src/workspace.ts";

/** The files that a page links to, without links to other sites and to the page itself. */
const linksIn = (text: string): readonly string[] => {
  // Fenced blocks and code spans contain no links.
  const prose = text.replaceAll(/^(`{3,})[\s\S]*?^\1$/gm, "").replaceAll(/`[^`]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^(?:[a-z]+:|#)/.test(target)).map((target) => target.replace(/#.*/, ""));
};

describe("the documents", () => {
  it("have up-to-date generated parts", async () => {
    const { ending, stdout, stderr } = await runToEnd(process.execPath, {
      args: ["--conditions=@peek/source", join(workspaceDir, "docs", "generate.ts"), "--check"],
    });
    expect({ code: ending.code, output: stdout + stderr }).toEqual({ code: 0, output: "" });
  });

  it("link only to existing files", async () => {
    const pages = globSync(["*.md", "packages/*/README.md", "docs/*.md", "docs/!(node_modules)/**/*.md"], {
      cwd: workspaceDir,
    });
    expect(pages.length).toBeGreaterThan(20);
    const links = await Promise.all(
      pages.map(async (page) => {
        const text = await readFile(join(workspaceDir, page), "utf8");
        return linksIn(text).map((target) => ({ page, target, file: join(workspaceDir, dirname(page), target) }));
      }),
    );
    const all = links.flat();
    expect(all.length).toBeGreaterThan(50);
    const broken = all.filter(({ file }) => !existsSync(file));
    expect(broken.map(({ page, target }) => `${page} links to ${target}`)).toEqual([]);
  });

  it("explain every error code", async () => {
    const page = await readFile(join(workspaceDir, "docs", "reference", "errors.md"), "utf8");
    const dir = join(workspaceDir, "packages", "errors", "src", "catalogue");
    const areas = (await readFile(join(dir, "errorCatalogue.ts"), "utf8")).matchAll(/^ {2}\.\.\.(\w+),$/gm);
    const files = await Promise.all([...areas].map(([, area]) => readFile(join(dir, `${area}.ts`), "utf8")));
    const codes = [...files.join("").matchAll(/^ {2}([A-Z_]+): \{$/gm)].map(([, code]) => code);
    expect(codes).toContain("CONFIG_INVALID");
    expect(page.split("\n").filter((line) => line.startsWith("### "))).toEqual(codes.map((code) => `### ${code}`));
  });
});
