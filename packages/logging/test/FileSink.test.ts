import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import type { PeekError } from "@peek/errors";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FileSink, type FileSinkOptions, type LogLine, type LogRecord } from "@peek/logging";
import { temporaryFolder } from "./temporaryFolder.ts";

const time = new Date(2026, 10, 22, 7, 19).toISOString();

function line(msg: string): LogLine {
  const record = { level: "INFO", time, name: "a", msg } as const;
  return { json: `${JSON.stringify(record)}\n`, record };
}

function sinkIn(dir: string, options: Partial<FileSinkOptions> = {}) {
  const troubles: PeekError[] = [];
  const recoveries: number[] = [];
  const onReopen = vi.fn<() => void>();
  const sink = new FileSink({
    dir,
    name: "peek-logic-service",
    format: "json",
    daysToKeep: 14,
    maxFileMegabytes: 1,
    onTrouble: (trouble) => troubles.push(trouble),
    onRecovery: (lost) => recoveries.push(lost),
    onReopen,
    ...options,
  });
  return { sink, troubles, recoveries, onReopen, file: join(dir, "peek-logic-service.log") };
}

/** Waits until a file has a text in it. */
async function until(file: string, text: string): Promise<void> {
  await expect.poll(() => readFileSync(file, "utf8")).toContain(text);
}

/** A line of about a kilobyte. */
const long = (index: number): LogLine => line(`${index} ${"x".repeat(1000)}`);

function fileAged(file: string, days: number): void {
  writeFileSync(file, "x");
  const then = new Date(Date.now() - days * 24 * 60 * 60 * 1000);
  utimesSync(file, then, then);
}

afterEach(() => void vi.useRealTimers());

describe("FileSink", () => {
  it("writes lines to a file and a folder that only the owner can read", async () => {
    const dir = join(temporaryFolder(), "home", "log");
    const { sink, file, troubles } = sinkIn(dir);
    sink.write(line("one"));
    sink.write(line("two"));
    await sink[Symbol.asyncDispose]();
    expect(readFileSync(file, "utf8")).toBe(`${line("one").json}${line("two").json}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(troubles).toEqual([]);
  });

  it("writes text with date and time", async () => {
    const { sink, file } = sinkIn(temporaryFolder(), { format: "text" });
    sink.write(line("one\ntwo"));
    await sink[Symbol.asyncDispose]();
    expect(readFileSync(file, "utf8")).toBe("2026-11-22 07:19:00.000 INFO a:one\\ntwo\n");
  });

  it("appends to an existing file", async () => {
    const dir = temporaryFolder();
    for (const msg of ["one", "two"]) {
      const { sink } = sinkIn(dir);
      sink.write(line(msg));
      await sink[Symbol.asyncDispose]();
    }
    expect(readFileSync(join(dir, "peek-logic-service.log"), "utf8")).toBe(`${line("one").json}${line("two").json}`);
  });

  it("creates nothing before the first line", async () => {
    const dir = join(temporaryFolder(), "log");
    await sinkIn(dir).sink[Symbol.asyncDispose]();
    expect(existsSync(dir)).toBe(false);
  });

  it("has written every line when it is disposed, through any number of rotations", async () => {
    const dir = temporaryFolder();
    const { sink, troubles } = sinkIn(dir);
    const messages = Array.from({ length: 350 }, (_, index) => `${index} ${"x".repeat(10_000)}`);
    for (const message of messages) sink.write(line(message));
    await sink[Symbol.asyncDispose]();

    const rotated = readdirSync(dir).filter((name) => name.endsWith(".gz"));
    expect(rotated).toHaveLength(3);
    const today = /^peek-logic-service-\d{4}-\d\d-\d\d\.(\d)\.log\.gz$/;
    const parts = rotated.toSorted().map((name) => {
      expect(name).toMatch(today);
      return gunzipSync(readFileSync(join(dir, name))).toString();
    });
    const written = [...parts, readFileSync(join(dir, "peek-logic-service.log"), "utf8")].join("");
    expect(written).toBe(messages.map((message) => line(message).json).join(""));
    expect(troubles).toEqual([]);
  });

  it("creates rotated files that only the owner can read", async () => {
    const dir = temporaryFolder();
    const { sink, file } = sinkIn(dir);
    sink.write(line("x".repeat(1024 * 1024)));
    await until(file, "x");
    sink.write(line("one"));
    await sink[Symbol.asyncDispose]();
    expect(readdirSync(dir).map((name) => [name, statSync(join(dir, name)).mode & 0o777])).toEqual([
      [expect.stringMatching(/\.1\.log\.gz$/), 0o600],
      ["peek-logic-service.log", 0o600],
    ]);
  });

  it("archives the file of an earlier day under that day", async () => {
    const dir = temporaryFolder();
    const { sink, file } = sinkIn(dir);
    writeFileSync(file, "old\n");
    utimesSync(file, new Date(2026, 0, 5, 12), new Date(2026, 0, 5, 12));
    sink.write(line("new"));
    await sink[Symbol.asyncDispose]();
    expect(gunzipSync(readFileSync(join(dir, "peek-logic-service-2026-01-05.1.log.gz"))).toString()).toBe("old\n");
    expect(readFileSync(file, "utf8")).toBe(line("new").json);
  });

  it("removes its own rotated files after daysToKeep, and no other files", async () => {
    const dir = temporaryFolder();
    const old = ["peek-logic-service-2026-01-01.1.log.gz", "peek-logic-service-2026-01-01.2.log.gz"];
    const kept = [
      "peek-logic-service-2026-01-02.1.log.gz",
      "peek-field-service-2026-01-01.1.log.gz",
      "peek-logic-service-notes.txt",
      "peek-logic-service.log",
    ];
    for (const name of [...old, ...kept]) fileAged(join(dir, name), name === kept[0] ? 6 : 8);
    rmSync(join(dir, "peek-logic-service.log"));
    const { sink } = sinkIn(dir, { daysToKeep: 7 });
    sink.write(line("one"));
    await sink[Symbol.asyncDispose]();
    expect(readdirSync(dir).toSorted()).toEqual(kept.toSorted());
  });

  it.each([
    ["the folder cannot be made", (dir: string) => writeFileSync(dir, ""), "EEXIST"],
    ["a folder above it is a file", (dir: string) => writeFileSync(join(dir, ".."), ""), "ENOTDIR"],
    [
      "a folder is in the file's place",
      (dir: string) => mkdirSync(join(dir, "peek-logic-service.log"), { recursive: true }),
      "it is not a file",
    ],
  ])("reports once, and continues, when %s", async (_what, spoil, why) => {
    const base = temporaryFolder();
    const dir = join(base, "home", "log");
    if (why !== "ENOTDIR") mkdirSync(join(base, "home"));
    spoil(dir);
    const told = Promise.withResolvers<void>();
    const troubles: PeekError[] = [];
    const { sink, file } = sinkIn(dir, {
      onTrouble: (trouble) => {
        troubles.push(trouble);
        told.resolve();
      },
    });
    sink.write(line("one"));
    sink.write(line("two"));
    await told.promise;
    sink.write(line("three"));
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatchObject({ code: "LOG_FILE_UNUSABLE", fields: { file } });
    expect(troubles[0]?.message).toContain(why);
    expect(troubles[0]?.message).toContain("Peek tries again every 30 s");
    await sink[Symbol.asyncDispose]();
    expect(troubles.slice(1).map((trouble) => trouble.message)).toEqual([
      `3 lines were not written to ${file} before the end.`,
    ]);
  });

  it("retries after half a minute, writes the waiting lines, and reports the recovery", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const base = temporaryFolder();
    const dir = join(base, "log");
    writeFileSync(dir, "");
    const { sink, file, troubles, recoveries } = sinkIn(dir);
    sink.write(line("one"));
    await expect.poll(() => troubles).toHaveLength(1);
    vi.setSystemTime(Date.now() + 29_000);
    rmSync(dir);
    sink.write(line("two"));
    await setImmediate();
    await setImmediate();
    expect(existsSync(dir)).toBe(false);
    vi.setSystemTime(Date.now() + 2000);
    sink.write(line("three"));
    await expect.poll(() => recoveries).toEqual([0]);
    expect(readFileSync(file, "utf8")).toBe(["one", "two", "three"].map((msg) => line(msg).json).join(""));
    await sink[Symbol.asyncDispose]();
    expect(troubles).toHaveLength(1);
  });

  it("keeps a limited number of lines while it cannot write, and writes how many are missing", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { sink, file, troubles, recoveries } = sinkIn(temporaryFolder(), { maxFileMegabytes: 100 });
    mkdirSync(file);
    for (let index = 0; index < 20_000; index += 1) sink.write(long(index));
    await expect.poll(() => troubles).toHaveLength(1);
    rmSync(file, { recursive: true });
    vi.setSystemTime(Date.now() + 31_000);
    sink.write(long(20_000));
    await expect.poll(() => recoveries).toHaveLength(1);
    sink.write(long(20_001));
    await sink[Symbol.asyncDispose]();

    const messages = readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((text) => String((JSON.parse(text) as LogRecord).msg));
    const gap = messages.findIndex((message) => message.endsWith("lines are missing here: they could not be written"));
    const lost = Number.parseInt(messages[gap] ?? "", 10);
    expect(recoveries).toEqual([lost]);
    // 8 MB of lines waited.
    expect(gap).toBeGreaterThan(7000);
    expect(gap).toBeLessThan(9000);
    const numbers = messages.toSpliced(gap, 1).map((message) => Number.parseInt(message, 10));
    expect(numbers.slice(0, gap)).toEqual(Array.from({ length: gap }, (_, index) => index));
    expect(numbers.slice(gap)).toEqual([20_000, 20_001]);
    expect(gap + lost).toBe(20_000);
  });

  it("is disposed although it never could write", async () => {
    const { sink, troubles, file } = sinkIn(temporaryFolder());
    mkdirSync(file);
    sink.write(line("one"));
    await sink[Symbol.asyncDispose]();
    expect(troubles.map((trouble) => trouble.message)).toEqual([
      expect.stringContaining("it is not a file"),
      `1 line was not written to ${file} before the end.`,
    ]);
  });

  it("blocks a loop that logs until the disk has the lines, instead of losing lines", async () => {
    const { sink, file, troubles } = sinkIn(temporaryFolder(), { maxFileMegabytes: 1000 });
    // So that something is being written when the loop begins.
    sink.write(line("first"));
    await setImmediate();
    const count = 30_000;
    for (let index = 0; index < count; index += 1) sink.write(long(index));
    // Nothing but this loop has run; no more than a few megabytes can be held.
    expect(statSync(file).size).toBeGreaterThan(count * 1000 - 8_000_000);
    await sink[Symbol.asyncDispose]();
    expect(troubles).toEqual([]);
    const written = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(written).toHaveLength(count + 1);
    expect(written.every((text, index) => index === 0 || text === long(index - 1).json.trimEnd())).toBe(true);
  });

  it.each([
    ["moved away", (file: string) => renameSync(file, `${file}.1`)],
    ["removed", (file: string) => rmSync(file)],
    ["replaced", (file: string) => renameSync(`${file}.new`, file)],
    ["moved away with its folder", (file: string) => renameSync(dirname(file), `${dirname(file)}.1`)],
  ])("begins a new file when its own was %s", async (what, move) => {
    const dir = join(temporaryFolder(), "log");
    const { sink, file, troubles, onReopen } = sinkIn(dir);
    sink.write(line("one"));
    await until(file, "one");
    if (what === "replaced") writeFileSync(`${file}.new`, "");
    move(file);
    sink.write(line("two"));
    await expect.poll(() => onReopen).toHaveBeenCalledOnce();
    await sink[Symbol.asyncDispose]();
    expect(readFileSync(file, "utf8")).toBe(line("two").json);
    expect(troubles).toEqual([]);
  });

  it("continues in a file that was copied and truncated", async () => {
    const { sink, file, onReopen } = sinkIn(temporaryFolder());
    sink.write(line("one"));
    await until(file, "one");
    truncateSync(file);
    sink.write(line("two"));
    await sink[Symbol.asyncDispose]();
    expect(readFileSync(file, "utf8")).toBe(line("two").json);
    expect(onReopen).not.toHaveBeenCalled();
  });

  it("compresses files of an earlier process, and continues their numbers", async () => {
    const dir = temporaryFolder();
    const now = new Date();
    const two = (value: number): string => String(value).padStart(2, "0");
    const today = `peek-logic-service-${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
    writeFileSync(join(dir, `${today}.4.log`), "left\n");
    writeFileSync(join(dir, "peek-logic-service.log"), "x".repeat(1024 * 1024));
    const { sink } = sinkIn(dir);
    sink.write(line("one"));
    await sink[Symbol.asyncDispose]();
    expect(readdirSync(dir).toSorted()).toEqual([`${today}.4.log.gz`, `${today}.5.log.gz`, "peek-logic-service.log"]);
    expect(gunzipSync(readFileSync(join(dir, `${today}.4.log.gz`))).toString()).toBe("left\n");
  });

  it("ignores lines after its end", async () => {
    const { sink, file } = sinkIn(temporaryFolder());
    sink.write(line("one"));
    await sink[Symbol.asyncDispose]();
    sink.write(line("two"));
    expect(readFileSync(file, "utf8")).toBe(line("one").json);
  });
});
