import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

// Our packages run from source in tests, in vitest's own module graph and in the processes that a test starts.
const conditions = ["@peek/source"];

/** Starts an embedded PostgreSQL for the run of a project, and names it to each process of tests. */
const embeddedServer = {
  globalSetup: "./packages/testing/src/vitest/globalSetup.ts",
  setupFiles: "./packages/testing/src/vitest/setup.ts",
};
/** Looks for the PostgreSQL that PEEK_TEST_POSTGRESQL names. */
const givenServer = {
  globalSetup: "./scripts/givenServer.ts",
  setupFiles: "./packages/testing/src/vitest/setup.ts",
};

const onNats = "packages/*/test/**/nats*.test.ts";

/**
 * The tests of storage whose subject depends on the server: rights, TLS, versions, migrations, limits, copies. The rest runs on the embedded one.
 */
const dependsOnServer = ["changeDataCapture", "copy", "limits", "migrations", "provisioning"].map(
  (name) => `packages/storage/test/${name}.test.ts`,
);

/** Packages whose tests need a database. */
const withDatabase: ReadonlySet<string> = new Set(["storage", "tasks", "platform", "cli", "testing"]);
/** Packages whose test files disturb each other in one process. */
const isolated: ReadonlySet<string> = new Set(["vortex"]);

const folders = (parent: string): readonly string[] => readdirSync(join(import.meta.dirname, parent));

const packageProject = (name: string): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name,
    include: [`packages/${name}/test/**/*.test.ts`],
    exclude: [...configDefaults.exclude, onNats],
    isolate: isolated.has(name),
    ...(withDatabase.has(name) && embeddedServer),
  },
});

const natsProject = (name: string): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name: `${name} on nats`,
    include: [`packages/${name}/test/**/nats*.test.ts`],
    globalSetup: "./scripts/natsServer.ts",
  },
});

/** The tests of each package and of each plugin are a project of its name, which its script `test` runs. */
export default defineConfig({
  resolve: { conditions: [...conditions, "node", "default"] },
  ssr: { resolve: { conditions: [...conditions, "node", "default"], externalConditions: conditions } },
  test: {
    execArgv: ["--conditions=@peek/source"],
    pool: "forks",
    // The files of a project share processes and modules, which saves a third of the processor time. The order of files must not
    // matter: `vitest run --project NAME --sequence.shuffle.files`.
    isolate: false,
    // The packages import each other: what one run has compiled, the next reads from node_modules/.vitest-cache.
    fsModuleCache: true,
    // The limits of a hang, not of a duration: on a busy machine, a test takes several times its usual time.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000, interval: 20 } },
    // Most of the time is waiting for processes, databases and deadlines.
    maxWorkers: Number(process.env["PEEK_TEST_WORKERS"] ?? Math.max(4, availableParallelism())),
    reporters: ["default", "./scripts/CountReporter.ts"],
    projects: [
      ...folders("packages").map(packageProject),
      ...["bus", "vortex"].map(natsProject),
      {
        extends: true,
        // The tests of what differs between servers, on one that an administrator would name.
        test: {
          name: "storage on a given server",
          include: dependsOnServer,
          ...givenServer,
        },
      },
      {
        extends: true,
        test: {
          name: "tasks on a given server",
          include: ["packages/tasks/test/queue/PgBossTaskQueue.test.ts"],
          ...givenServer,
        },
      },
      ...folders("plugins").map((name): TestProjectInlineConfiguration => ({
        extends: true,
        test: { name, include: [`plugins/${name}/test/**/*.test.ts`], ...embeddedServer },
      })),
      {
        extends: true,
        // These start the built commands as their users do, and wait for what they print.
        test: {
          name: "services",
          include: ["tests/**/*.test.ts"],
          ...givenServer,
          globalSetup: [givenServer.globalSetup, "./tests/src/sharedFolder.ts"],
          // Longer than the wait for a single line of a process, so that the test reports which one was missing.
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
