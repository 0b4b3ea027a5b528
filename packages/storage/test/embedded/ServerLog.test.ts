import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ServerLog } from "../../src/embedded/ServerLog.ts";
import { TestLog } from "./TestLog.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("ServerLog", () => {
  it("logs each line at the level of its message", () => {
    const log = new TestLog();
    const server = new ServerLog(log);
    const lines = [
      "00000 LOG:  database system is ready to accept connections",
      "01000 WARNING:  page verification failed",
      "XX000 PANIC:  could not write",
      "XX000 HINT:  Look there.",
      "\tand here",
      "",
      "57P01 FATAL:  terminating connection due to administrator command",
      "53300 FATAL:  sorry, too many clients already",
      "FATAL:  could not open something",
      "postgres: error while loading shared libraries",
    ];
    for (const line of lines) server.write(line);
    expect(log.lines).toEqual([
      "debug: PostgreSQL: database system is ready to accept connections",
      "warning: PostgreSQL: WARNING: page verification failed",
      "error: PostgreSQL: PANIC: could not write",
      "error: PostgreSQL: XX000 HINT:  Look there.",
      "error: PostgreSQL: and here",
      "debug: PostgreSQL: FATAL: terminating connection due to administrator command",
      "error: PostgreSQL: FATAL: sorry, too many clients already",
      "error: PostgreSQL: FATAL: could not open something",
      "error: PostgreSQL: postgres: error while loading shared libraries",
    ]);
    expect(server.fatal).toBe("could not open something");
    server.end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("truncates long lines", () => {
    const log = new TestLog();
    const server = new ServerLog(log);
    server.write(`00000 LOG:  ${"x".repeat(5000)}`);
    expect(log.lines).toEqual([`debug: PostgreSQL: ${"x".repeat(1000)}`]);
    server.end();
  });

  it("counts the suppressed lines of a minute", () => {
    const log = new TestLog();
    const server = new ServerLog(log);
    for (let i = 0; i < 130; i += 1) server.write(`00000 LOG:  line ${i}`);
    expect(log.lines).toHaveLength(100);
    vi.advanceTimersByTime(60_000);
    expect(log.lines.at(-1)).toBe("warning: Suppressed 30 more lines of PostgreSQL within a minute");
    server.write("00000 LOG:  another");
    expect(log.lines.at(-1)).toBe("debug: PostgreSQL: another");
    for (let i = 0; i < 101; i += 1) server.write(`00000 LOG:  line ${i}`);
    server.end();
    expect(log.lines.at(-1)).toBe("warning: Suppressed 2 more lines of PostgreSQL within a minute");
    expect(vi.getTimerCount()).toBe(0);
  });
});
