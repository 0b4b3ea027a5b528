import type { Reporter, TestModule, TestCase } from "vitest/node";

/** Ends a run with `N passed, N failed` on a line of its own, for whoever reads it by machine. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: ReturnType<TestCase["result"]>["state"]): number =>
      tests.filter((test) => test.result().state === state).length;
    // A file that cannot be imported has no tests to fail.
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const failed = count("failed") + count("pending") + broken + unhandledErrors.length;
    const skipped = count("skipped");
    console.log(`\n${count("passed")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  }
}
