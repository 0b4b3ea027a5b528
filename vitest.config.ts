import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

// Our packages run from source in tests, in vitest's own module graph and in what Node imports beside it.
const conditions = ["@peek/source"];

const onNats = "packages/{bus,vortex,live}/test/**/nats*.test.ts";

export default defineConfig({
  resolve: { conditions: [...conditions, "node", "default"] },
  ssr: { resolve: { conditions: [...conditions, "node", "default"], externalConditions: conditions } },
  test: {
    execArgv: ["--conditions=@peek/source"],
    pool: "forks",
    // The first of a file that starts a service imports all of it, beside others that do the same.
    testTimeout: 20_000,
    // Most of the time is waiting for processes, databases and deadlines.
    maxWorkers: Math.max(4, availableParallelism()),
    reporters: ["default", "./scripts/CountReporter.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts", "plugins/*/test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, onNats],
          globalSetup: "./packages/testing/src/vitest/globalSetup.ts",
          setupFiles: "./packages/testing/src/vitest/setup.ts",
        },
      },
      {
        extends: true,
        // The same tests as on the embedded PostgreSQL, on one that an administrator would name.
        test: {
          name: "storage on a given server",
          include: ["packages/storage/test/*.test.ts", "packages/tasks/test/queue/PgBossTaskQueue.test.ts"],
          globalSetup: "./scripts/givenServer.ts",
          setupFiles: "./packages/testing/src/vitest/setup.ts",
        },
      },
      {
        extends: true,
        // What needs the program nats-server, which a machine may not have.
        test: { name: "vortex on nats", include: [onNats], globalSetup: "./scripts/natsServer.ts" },
      },
      {
        extends: true,
        // These start the built commands as their users do, and wait for what they print.
        test: {
          name: "services",
          include: ["tests/**/*.test.ts"],
          globalSetup: "./scripts/givenServer.ts",
          setupFiles: "./packages/testing/src/vitest/setup.ts",
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
