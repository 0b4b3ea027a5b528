import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { ServiceConfigInput } from "@peek/config";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { TestHome } from "./src/TestHome.ts";
import { serviceCommand } from "./src/workspace.ts";

/** Prints in every possible way, and logs, until it is stopped; each line ends with a rising number. */
const talker = {
  name: "peek_plugin_talker",
  body: `
    #logger = this.getLogger(import.meta);
    start() {
      let count = 0;
      const timer = setInterval(() => {
        count += 1;
        console.log("by console.log\\nand its second line", count);
        console.error("by console.error", count);
        process.stdout.write("by stdout " + count + "\\n");
        process.stderr.write("by stderr " + count + "\\n");
        this.#logger.info("by the logger %s %d", "x".repeat(10_000), count);
      }, 5);
      this.disposables.defer(() => clearInterval(timer));
    }`,
};

const logFile = (home: TestHome): string => join(home.dir, "log", "peek-logic-service.log");

async function linesOf(home: TestHome): Promise<readonly string[]> {
  return (await readFile(logFile(home), "utf8").catch(() => "")).split("\n").slice(0, -1);
}

/** Waits until the log file has a matching line. */
async function logged(home: TestHome, pattern: RegExp): Promise<string> {
  return vi.waitFor(
    async () => {
      const line = (await linesOf(home)).find((each) => pattern.test(each));
      expect(line, String(pattern)).toBeDefined();
      return line ?? "";
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** Waits until the plugin has printed a hundred more times. */
async function goesOn(home: TestHome): Promise<void> {
  const count = async (): Promise<number> =>
    Number(/\d+$/.exec((await linesOf(home)).findLast((each) => each.includes("by stderr")) ?? "")?.[0] ?? 0);
  const before = await count();
  await vi.waitFor(async () => expect(await count()).toBeGreaterThan(before + 100), { timeout: 60_000, interval: 50 });
}

function run(home: TestHome, command: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
  const child = spawn(command, [...args], {
    stdio,
    env: { ...process.env, NODE_OPTIONS: undefined, PEEK_HOME: home.base },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function talking(config: ServiceConfigInput = {}): Promise<TestHome> {
  return TestHome.with(config, [talker]);
}

/** Expects that the log reports the failure once, the plugin runs on, and the service stops in order. */
async function isUnharmed(home: TestHome, why: RegExp): Promise<void> {
  await logged(home, why);
  await goesOn(home);
  const lines = await linesOf(home);
  expect(lines.filter((line) => line.includes("Standard output cannot be written"))).toHaveLength(1);
  expect(lines.filter((line) => /ERROR|CRITICAL/.test(line))).toEqual([]);
  const pid = Number(/process (\d+)/.exec(await logged(home, /:Ready in /))?.[1]);
  process.kill(pid, "SIGTERM");
  await logged(home, /peek_logic_service:Stopped$/);
  await vi.waitFor(() => expect(existsSync(`/proc/${pid}/exe`)).toBe(false), { timeout: 60_000 });
}

async function endedWell(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) await once(child, "exit");
  expect(child.exitCode).toBe(0);
}

describe("a service that cannot write to its console", () => {
  it("runs on with its plugins when the reader of standard output and error is gone", async () => {
    await using home = await talking();
    const child = run(home, serviceCommand("logic"), [], ["ignore", "pipe", "pipe"]);
    await logged(home, /by stderr/);
    child.stdout?.destroy();
    child.stderr?.destroy();
    await isUnharmed(home, /WARNING peek_logging\.ConsoleSink:Standard output cannot be written: EPIPE/);
    await endedWell(child);
  });

  it("runs on with its plugins when standard output is a file on a full disk", async () => {
    await using home = await talking();
    const child = run(home, "sh", ["-c", `exec ${serviceCommand("logic")} > /dev/full 2>&1`], "ignore");
    await isUnharmed(home, /WARNING peek_logging\.ConsoleSink:Standard output cannot be written: ENOSPC/);
    await endedWell(child);
  });

  it("runs on with its plugins when its terminal closes", async () => {
    await using home = await talking();
    const child = run(
      home,
      "script",
      ["-qec", `trap '' HUP; exec ${serviceCommand("logic")}`, "/dev/null"],
      ["ignore", "pipe", "pipe"],
    );
    child.stdout?.resume();
    await logged(home, /by stderr/);
    child.kill("SIGKILL");
    await isUnharmed(home, /WARNING peek_logging\.ConsoleSink:Standard output cannot be written: EIO/);
  });

  it("runs on when the reader of standard output pauses, and reports the number of lost lines when it resumes", async () => {
    await using home = await talking();
    const child = run(home, serviceCommand("logic"), [], ["ignore", "pipe", "ignore"]);
    await logged(home, /Standard output cannot be written: no program reads it, or not as fast as lines are logged/);
    await goesOn(home);
    const text = await readUntil(
      child.stdout,
      /WARNING peek_logging\.ConsoleSink:\d+ lines are missing here: they could not be written\n/,
    );
    expect(text).toMatch(/^INFO /);
    await logged(home, /Standard output can be written again; [1-9]\d* lines were lost/);
    child.stdout?.resume();
    child.kill("SIGTERM");
    await endedWell(child);
  });
});

async function readUntil(stream: Readable | null, pattern: RegExp): Promise<string> {
  let text = "";
  const { promise, resolve } = Promise.withResolvers<string>();
  const onData = (chunk: Buffer): void => {
    text += String(chunk);
    if (pattern.test(text)) resolve(text);
  };
  stream?.on("data", onData);
  await promise;
  stream?.off("data", onData);
  return text;
}

describe("the output of a plugin", () => {
  it("is one JSON object per line, with the plugin's name, on the console and in the file", async () => {
    await using home = await talking({ logging: { format: "json" } });
    await using running = home.run();
    await running.waitFor(/by stderr 2"/);
    await running.stop();
    const records = running.lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    const printed = records.filter((record) => record["name"] === "peek_plugin_talker.console");
    expect(printed.slice(0, 5).map(({ level, msg }) => [level, msg])).toEqual([
      ["INFO", "by console.log"],
      ["INFO", "and its second line 1"],
      ["WARNING", "by console.error 1"],
      ["INFO", "by stdout 1"],
      ["WARNING", "by stderr 1"],
    ]);
    expect(running.stderr).toBe("");
    expect((await linesOf(home)).map((line): unknown => JSON.parse(line))).toEqual(records);
  });

  it("is a line of the log without secrets and colours, for any printed value", async () => {
    const body = `
      load() {
        process.stdout.write("in ");
        process.stdout.write(Buffer.from("two p\\u00e4rts\\n").subarray(0, 6));
        process.stdout.write(Buffer.from("two p\\u00e4rts\\n").subarray(6), () => console.log("called back"));
        process.stdout.write("68657800", "hex");
        process.stdout.write("\\n\\u001b[31mred\\u001b[39m token=hunter2\\nno end");
      }`;
    await using home = await TestHome.with({}, [{ name: "peek_plugin_printer", body }]);
    await using running = await home.start();
    await running.stop();
    const printed = running.lines.filter((line) => line.includes("peek_plugin_printer.console"));
    expect(printed).toEqual([
      "INFO peek_plugin_printer.console:in two pärts",
      "INFO peek_plugin_printer.console:hex\\u0000",
      "INFO peek_plugin_printer.console:red token=[redacted]",
      "INFO peek_plugin_printer.console:no endcalled back",
    ]);
  });
});
