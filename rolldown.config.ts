import { defineConfig } from "rolldown";

/**
 * A built service in few files: importing hundreds takes longer than all else that it does at its start. Plugins are
 * not part of it, they are imported by name while it runs.
 */
export default defineConfig({
  input: { launch: "src/launch.ts" },
  platform: "node",
  external: [
    // It takes types out of TypeScript, which a built service never meets.
    "amaro",
    // Its threads start from files that are beside its modules: its own, and piscina's. Only the worker service has it.
    "@peek/tasks/worker",
  ],
  resolve: { conditionNames: ["@peek/source", "node"], mainFields: ["module", "main"] },
  output: {
    dir: "bundle",
    format: "esm",
    cleanDir: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
  },
});
