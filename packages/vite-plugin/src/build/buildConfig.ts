import type { BuildEnvironmentOptions } from "vite";
import type { WebTarget } from "../manifest/WebTarget.ts";

/** How a web module is built: one ES module, whose pages are files of their own, and one style sheet. */
export function buildConfig({ dir, entry }: WebTarget): BuildEnvironmentOptions {
  return {
    outDir: dir,
    emptyOutDir: true,
    target: "es2023",
    sourcemap: true,
    // The shell adds and removes it with the module.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: entry },
      preserveEntrySignatures: "strict",
      output: {
        format: "es",
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  };
}
