import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, it } from "vitest";
import { workspaceDir } from "./src/workspace.ts";

it("the tutorial's web module is less than 6 kB compressed, since the app provides React, the client and the UI kit", async () => {
  const dir = join(workspaceDir, "plugins/peek-plugin-tutorial/web/dist/assets");
  const files = (await readdir(dir)).filter((name) => /\.(?:js|css)$/.test(name));
  const sizes = await Promise.all(files.map(async (name) => gzipSync(await readFile(join(dir, name))).length));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(2000);
  expect(bytes).toBeLessThan(6000);
});

it("the browser client is less than 23 kB compressed, without zod", async () => {
  await using bundle = await rolldown({
    input: join(workspaceDir, "packages/client/src/index.ts"),
    external: ["zod"],
    platform: "browser",
    resolve: { conditionNames: ["@peek/source", "browser", "module", "import", "default"] },
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  const chunks = output.filter((each) => each.type === "chunk");
  const bytes = chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(23_000);
});
