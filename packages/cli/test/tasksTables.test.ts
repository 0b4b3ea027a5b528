import { describe, expect, it, onTestFinished, vi } from "vitest";
import { printFitted } from "../src/tasks/printFitted.ts";
import { printTaskStatus } from "../src/tasks/printTaskStatus.ts";

/** The lines that the command prints on standard output from now on, until the test ends. */
function printed(): readonly string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  onTestFinished(() => spy.mockRestore());
  return lines;
}

describe("a table on a terminal", () => {
  it("is cut to its width, down to a minimum", () => {
    const lines = printed();
    const cells = [
      ["ID", "WHY"],
      ["1", "0123456789".repeat(5)],
    ];
    for (const width of [Infinity, 40, 10]) printFitted(cells, width);
    expect(lines.filter((line) => line.startsWith("1")).map((line) => line.length)).toEqual([54, 40, 34]);
    expect(lines[3]).toMatch(/^1 {3}\d{35}…$/);
  });
});

describe("peek status", () => {
  const task = "peek_plugin_pump.Fill";
  const told = { version: "1.0.0", pid: 1, since: "2026-01-01T00:00:00.000Z", plugins: [] };
  const peer = { version: "1.0.0", since: told.since, connectedSince: told.since, address: "", serves: [] };

  it("shows the queues that logic reports, and the load of the workers", () => {
    const lines = printed();
    const queues = [{ task, waiting: 5, later: 1, running: 2, failed: 3, oldestMs: 90_000 }];
    const counts = { task, weight: "heavy", running: 2, taken: 0, done: 7, failed: 3 } as const;
    const worker = { threads: 2, lightConcurrency: 50, tasks: [{ ...counts, p50Ms: 2500, p99Ms: 12 }] };
    printTaskStatus([
      {
        peer: { ...peer, service: "logic", instance: "logic-1" },
        status: { ...told, service: "logic", tasks: { queues } },
      },
      {
        peer: { ...peer, service: "worker", instance: "worker-1" },
        status: { ...told, service: "worker", tasks: { worker } },
      },
      { peer: { ...peer, service: "agent", instance: "agent-1" }, status: { ...told, service: "agent" } },
    ]);
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      [""],
      ["TASK", "WAITING", "LATER", "RUNNING", "FAILED", "OLDEST"],
      [task, "5", "1", "2", "3", "1.5 min"],
      [""],
      ["WORKER", "TASK", "WEIGHT", "RUNNING", "TAKEN", "DONE", "FAILED", "P50", "P99"],
      ["worker-1", task, "heavy", "2", "0", "7", "3", "2.5 s", "12.0 ms"],
    ]);
  });

  it("prints no tables of tasks where there are none", () => {
    const lines = printed();
    printTaskStatus([
      {
        peer: { ...peer, service: "logic", instance: "logic-1" },
        status: { ...told, service: "logic", tasks: { queues: [] } },
      },
    ]);
    expect(lines).toEqual([]);
  });
});
