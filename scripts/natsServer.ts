import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

/** A pattern that no test's name matches. */
const nothing = /(?!)/;

/**
 * Looks for the program nats-server. Where it is not installed, the tests that need it are skipped, each by its name; in
 * CI, where it has to be there, they fail.
 */
export default async function setup(project: TestProject): Promise<void> {
  try {
    await promisify(execFile)("nats-server", ["--version"]);
  } catch (error) {
    if (process.env["CI"] !== undefined) {
      throw new Error(`nats-server has to be installed in CI, and cannot be started.`, { cause: error });
    }
    project.config.testNamePattern = nothing;
  }
}
