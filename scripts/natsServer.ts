import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

/** A pattern that no test's name matches. */
const nothing = /(?!)/;

/**
 * Looks for the program nats-server. Without it, each test that needs it is skipped; in CI, the run fails.
 */
export default async function setup(project: TestProject): Promise<void> {
  try {
    await promisify(execFile)("nats-server", ["--version"]);
  } catch (error) {
    if (process.env["CI"] !== undefined) {
      throw new Error("The tests need nats-server in CI, and it cannot be started. Install it.", { cause: error });
    }
    project.config.testNamePattern = nothing;
  }
}
