import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, TestModule, TestCase, Vitest } from "vitest/node";
import { countsFile, type TestCounts } from "./TestCounts.ts";

/**
 * Ends a run with `N passed, N failed` on a line of its own, for programs that read the output. When the script `test` of a
 * package runs (PEEK_TEST_COUNTS is its folder), it also writes the counts there, from where `pnpm test` adds them up.
 */
export default class CountReporter implements Reporter {
  #root = "";

  onInit(vitest: Vitest): void {
    this.#root = vitest.config.root;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: ReturnType<TestCase["result"]>["state"]): number =>
      tests.filter((test) => test.result().state === state).length;
    // A file that cannot be imported has no tests to fail.
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const counts: TestCounts = {
      passed: count("passed"),
      failed: count("failed") + count("pending") + broken + unhandledErrors.length,
      skipped: count("skipped"),
    };
    const folder = process.env["PEEK_TEST_COUNTS"];
    if (folder !== undefined) {
      const file = join(this.#root, folder, countsFile);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, `${JSON.stringify(counts)}\n`);
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped}`);
  }
}
