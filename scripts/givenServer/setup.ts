import { beforeEach, inject } from "vitest";

// Each is reported as skipped, by its name.
beforeEach((context) => {
  context.skip(inject("peekTestServer") === undefined, "no PostgreSQL server is given (PEEK_TEST_POSTGRESQL)");
});
