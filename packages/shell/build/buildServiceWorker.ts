import { join } from "node:path";
import { webPaths } from "@peek/web/protocol";
import { build } from "vite";

/** The options of {@link buildServiceWorker}. */
export interface ServiceWorkerOptions {
  readonly outDir: string;
  readonly file: string;
  readonly mode: string;
  readonly hash: string;
  /** The files of the shell, relative to `outDir`. */
  readonly files: readonly string[];
}

/** Builds the service worker, which keeps the files of the shell on the device. */
export async function buildServiceWorker({ outDir, file, mode, hash, files }: ServiceWorkerOptions): Promise<void> {
  const urls = files.map((each) => `${webPaths.shell}${hash}/${each}`);
  await build({
    configFile: false,
    mode,
    logLevel: "warn",
    publicDir: false,
    resolve: { conditions: ["@peek/source", "module", "browser", "import", "default"] },
    define: {
      SHELL_FILES: JSON.stringify(urls),
      SHELL_HASH: JSON.stringify(hash),
      "process.env.NODE_ENV": JSON.stringify("production"),
    },
    build: {
      outDir,
      emptyOutDir: false,
      target: "es2023",
      rolldownOptions: {
        input: join(import.meta.dirname, "../src/serviceWorker/serviceWorker.ts"),
        output: { entryFileNames: file, format: "iife" },
      },
    },
  });
}
