import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { sharedModules } from "@peek/web/protocol";
import { defineConfig } from "vite";
import { describeShell } from "./build/describeShell.ts";
import { entryNameOf, sharedEntries } from "./build/sharedEntries.ts";
import { startGroup } from "./build/startGroup.ts";

const app = join(import.meta.dirname, "src/startApp.tsx");
const entries = sharedModules.map((name) => [entryNameOf(name), `peek-shared:${name}`]);

/**
 * The shell and the modules that it shares with plugins: one build, so that each module exists once. The build of the mode
 * `development`, whose React can refresh components, is a part of `@peek/vite-plugin`.
 */
export default defineConfig(({ mode }) => {
  const isDeveloped = mode === "development";
  const outDir = join(import.meta.dirname, isDeveloped ? "../vite-plugin/shell" : "dist");
  return {
    // The site serves the files below a path with their hash.
    base: "./",
    plugins: [react(), sharedEntries(mode), describeShell(outDir, mode)],
    // Also where NODE_ENV says otherwise.
    define: { "process.env.NODE_ENV": JSON.stringify(mode) },
    resolve: { conditions: ["@peek/source", "module", "browser", "import", "default"] },
    build: {
      outDir,
      // The script `build` empties it. The script `web` does not: a service or a dev server may read the files of the build before.
      emptyOutDir: false,
      target: "es2023",
      sourcemap: !isDeveloped,
      minify: !isDeveloped,
      assetsInlineLimit: 0,
      modulePreload: false,
      manifest: false,
      rolldownOptions: {
        input: { main: join(import.meta.dirname, "src/main.ts"), ...Object.fromEntries(entries) },
        preserveEntrySignatures: "allow-extension",
        output: {
          codeSplitting: { includeDependenciesRecursively: false, groups: [startGroup(app)] },
          entryFileNames: "assets/[name]-[hash].js",
          chunkFileNames: "assets/[name]-[hash].js",
          assetFileNames: "assets/[name]-[hash][extname]",
        },
      },
    },
  };
});
