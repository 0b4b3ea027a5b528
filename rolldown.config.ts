import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "rolldown";
import { asciiOnly } from "./scripts/rolldown/asciiOnly.ts";
import { builtinModules } from "./scripts/rolldown/builtinModules.ts";
import { lazyBuiltins } from "./scripts/rolldown/lazyBuiltins.ts";
import { lazyZodLocales, zodLocalesEntry } from "./scripts/rolldown/lazyZodLocales.ts";
import { startFiles } from "./scripts/rolldown/startFiles.ts";
import { sharedEntries, sharedModules } from "./scripts/rolldown/sharedModules.ts";

/** The service or program that is built. */
const program = basename(process.cwd());
/** The `peek` command runs no plugins. */
const runsPlugins = program !== "cli";

/** What the threads of heavy tasks import, as a file of its own. */
const threadStorage = fileURLToPath(new URL("packages/storage/src/thread/threadStorage.ts", import.meta.url));

/**
 * A built service in few files: importing hundreds takes longer than all else that it does at its start. Plugins are
 * not part of it, they are imported by name while it runs.
 */
export default defineConfig({
  input: {
    launch: "src/launch.ts",
    ...(program === "worker" && { threadStorage }),
    ...(runsPlugins && { ...sharedEntries, ...zodLocalesEntry }),
  },
  platform: "node",
  external: [
    // It takes types out of TypeScript, which a built service never meets.
    "amaro",
    // Its threads start from files that are beside its modules: its own, and piscina's. Only the worker service has it.
    "@peek/tasks/worker",
  ],
  resolve: { conditionNames: ["@peek/source", "node"], mainFields: ["module", "main"] },
  plugins: [lazyBuiltins(), builtinModules(), asciiOnly(), ...(runsPlugins ? [sharedModules(), lazyZodLocales()] : [])],
  output: {
    dir: "bundle",
    format: "esm",
    cleanDir: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    ...(runsPlugins && { codeSplitting: startFiles(program) }),
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});
