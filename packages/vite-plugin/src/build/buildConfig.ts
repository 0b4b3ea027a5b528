import { sharedModules } from "@peek/web/protocol";
import { esmExternalRequirePlugin, type UserConfig } from "vite";
import type { WebTarget } from "../manifest/WebTarget.ts";

/** How a web module is built: one ES module, whose pages are files of their own, and one style sheet. */
export function buildConfig({ dir, entry }: WebTarget): UserConfig {
  return {
    // The module finds its files wherever the site serves them.
    base: "./",
    build: {
      outDir: dir,
      emptyOutDir: false,
      target: "es2023",
      sourcemap: true,
      // The shell adds and removes it with the module.
      cssCodeSplit: false,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: { index: entry },
        // Also those of libraries in CommonJS.
        plugins: [esmExternalRequirePlugin({ external: [...sharedModules] })],
        preserveEntrySignatures: "strict",
        output: {
          format: "es",
          entryFileNames: "assets/[name]-[hash].js",
          chunkFileNames: "assets/[name]-[hash].js",
          assetFileNames: "assets/[name]-[hash][extname]",
        },
      },
    },
  };
}
