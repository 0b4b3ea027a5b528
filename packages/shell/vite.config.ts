import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { sharedModules } from "@peek/web/protocol";
import { defineConfig } from "vite";
import { describeShell } from "./build/describeShell.ts";
import { entryNameOf, sharedEntries } from "./build/sharedEntries.ts";

const entries = sharedModules.map((name) => [entryNameOf(name), `peek-shared:${name}`]);

/** The shell and the modules that it shares with plugins: one build, so that each module exists once. */
export default defineConfig(({ mode }) => {
  const outDir = join(import.meta.dirname, mode === "production" ? "dist" : `dist/${mode}`);
  return {
    // The site serves the files below a path with their hash.
    base: "./",
    plugins: [react(), sharedEntries(mode), describeShell(outDir, mode)],
    resolve: { conditions: ["@peek/source", "module", "browser", "import", "default"] },
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2023",
      sourcemap: true,
      assetsInlineLimit: 0,
      modulePreload: false,
      manifest: false,
      rolldownOptions: {
        input: { main: join(import.meta.dirname, "src/main.ts"), ...Object.fromEntries(entries) },
        preserveEntrySignatures: "strict",
        output: {
          entryFileNames: "assets/[name]-[hash].js",
          chunkFileNames: "assets/[name]-[hash].js",
          assetFileNames: "assets/[name]-[hash][extname]",
        },
      },
    },
  };
});
