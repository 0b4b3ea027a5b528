import { fork } from "node:child_process";
import { on, once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ExchangeProcess } from "./ExchangeProcess.ts";
import type { LongRunArgument, LongRunReport } from "./longRunMain.ts";

// A leak of 35 bytes per call exceeds the limits.
const calls = process.env["PEEK_LONG_TESTS"] === undefined ? 60_000 : 1_000_000;

it(
  `${calls} calls with connects, disconnects and aborts leave no memory in the caller or in logic`,
  {
    timeout: 600_000,
  },
  async () => {
    await using logic = await ExchangeProcess.start();
    const tokens = { agent: logic.tokens.create("agent"), worker: logic.tokens.create("worker") };
    const argument: LongRunArgument = { port: logic.port, tokens, calls };
    const child = fork(join(import.meta.dirname, "longRunMain.ts"), [JSON.stringify(argument)], {
      execArgv: ["--conditions=@peek/source", "--expose-gc"],
    });
    try {
      const exit = once(child, "exit");
      const reports: LongRunReport[] = [];
      const heaps: number[] = [];
      for await (const [report] of on(child, "message", { close: ["exit"] })) {
        reports.push(report as LongRunReport);
        await logic.until(({ connections }) => connections === 0);
        heaps.push((await logic.ask("collect")).heapUsed);
      }
      expect(await exit).toEqual([0, null]);
      const [before, after] = reports;
      if (before === undefined || after === undefined) throw new Error("The process has not sent two reports.");
      expect(after.answered + after.givenUp).toBe(calls + calls / 10);
      expect(after.connections).toBe(((calls + calls / 10) * 2) / 1000);
      // The pipe to its parent, and the initial resources of the process.
      expect(after.resources).toEqual(before.resources);
      expect(after.resources.filter((name) => /Timeout|TCP|Immediate|TLS/.test(name))).toEqual([]);
      expect(after.heapUsed - before.heapUsed).toBeLessThan(2 * 1024 * 1024);
      const [logicBefore = 0, logicAfter = Infinity] = heaps;
      expect(logicAfter - logicBefore).toBeLessThan(2 * 1024 * 1024);
      const { lines, members } = await logic.ask("look");
      expect(members).toBe(1);
      expect(lines.filter((line) => !line.startsWith("info"))).toEqual([]);
    } finally {
      child.kill("SIGKILL");
    }
  },
);
