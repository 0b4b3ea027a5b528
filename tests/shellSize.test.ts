import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";

interface BuiltShell {
  readonly module: string;
  readonly preloads: readonly string[];
}

it("the shell's JavaScript before first use is less than 160 KiB compressed, with React", async () => {
  const dist = fileURLToPath(new URL("dist", import.meta.resolve("@peek/shell/package.json")));
  const { module, preloads }: BuiltShell = JSON.parse(await readFile(join(dist, "shell.json"), "utf8"));
  const contents = await Promise.all([module, ...preloads].map((file) => readFile(join(dist, file))));
  const bytes = contents.reduce((sum, content) => sum + gzipSync(content, { level: 9 }).length, 0);
  expect(bytes).toBeGreaterThan(100 * 1024);
  expect(bytes).toBeLessThan(160 * 1024);
});
