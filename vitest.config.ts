import { defineConfig } from "vitest/config";

// Our packages run from source in tests, in vitest's own module graph and in what Node imports beside it.
const conditions = ["@peek/source"];

export default defineConfig({
  resolve: { conditions: [...conditions, "node", "import", "default"] },
  ssr: { resolve: { conditions: [...conditions, "node", "import", "default"], externalConditions: conditions } },
  test: {
    execArgv: ["--conditions=@peek/source"],
    pool: "forks",
    reporters: ["default", "./scripts/CountReporter.ts"],
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["packages/*/test/**/*.test.ts", "plugins/*/test/**/*.test.ts"] },
      },
      {
        extends: true,
        // These start the built commands as their users do, and wait for what they print.
        test: { name: "services", include: ["tests/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 120_000 },
      },
    ],
  },
});
