import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sharedModules } from "@peek/web/protocol";
import type { Plugin, Rolldown } from "vite";
import { buildServiceWorker } from "./buildServiceWorker.ts";
import { compressFiles } from "./compressFiles.ts";
import { sharedModuleOf } from "./sharedEntries.ts";

/** The service worker's file: it is not below the hash, since its path has to stay. */
const serviceWorker = "service-worker.js";

/** Writes shell.json, by which a site serves the shell, the service worker, and compressed copies of all files. */
export function describeShell(outDir: string, mode: string): Plugin {
  let bundle: Rolldown.OutputBundle = {};
  return {
    name: "peek:describe-shell",
    apply: "build",
    writeBundle(_options, written) {
      bundle = written;
    },
    async closeBundle() {
      const files = Object.keys(bundle).toSorted();
      const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
      const main = chunks.find(({ isEntry, name }) => isEntry && name === "main");
      if (main === undefined) throw new Error("The build has no entry named main.");
      const imports = Object.fromEntries(
        sharedModules.map((specifier) => {
          const chunk = chunks.find(({ facadeModuleId }) => sharedModuleOf(facadeModuleId) === specifier);
          if (chunk === undefined) throw new Error(`The build has no entry for the shared module ${specifier}.`);
          return [specifier, chunk.fileName];
        }),
      );
      const hash = await hashOf(outDir, files);
      const styles = files.filter((file) => /main-[^/]+\.css$/.test(file));
      await buildServiceWorker({ outDir, file: serviceWorker, mode, hash, files: files.filter(isShown) });
      const app = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith("/startApp.tsx") === true);
      if (app === undefined) throw new Error("The build has no chunk of startApp.tsx.");
      const preloads = [...new Set([app.fileName, ...importsOf(app, chunks), ...importsOf(main, chunks)])].toSorted();
      const shell = { format: 1, hash, imports, module: main.fileName, styles, preloads, serviceWorker };
      await compressFiles(outDir, files.filter(isShown));
      const file = join(outDir, "shell.json");
      await writeFile(`${file}.new`, `${JSON.stringify(shell, null, 2)}\n`);
      await rename(`${file}.new`, file);
    },
  };
}

function isShown(file: string): boolean {
  return !file.endsWith(".map");
}

/** The chunks that a chunk imports, directly or not, without those that it loads later. */
function importsOf(chunk: Rolldown.OutputChunk, chunks: readonly Rolldown.OutputChunk[]): readonly string[] {
  const found = new Set<string>();
  const follow = (chunk: Rolldown.OutputChunk): void => {
    for (const file of chunk.imports) {
      if (found.has(file)) continue;
      found.add(file);
      const imported = chunks.find(({ fileName }) => fileName === file);
      if (imported !== undefined) follow(imported);
    }
  };
  follow(chunk);
  return [...found].toSorted();
}

async function hashOf(outDir: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0`).update(await readFile(join(outDir, file)));
  return hash.digest("hex").slice(0, 20);
}
