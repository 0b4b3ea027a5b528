import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { PeekError } from "@peek/errors";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FileSink, type FileSinkOptions, type LogLine } from "@peek/logging";
import { temporaryFolder } from "./temporaryFolder.ts";

const time = new Date(2026, 10, 22, 7, 19).toISOString();

function line(msg: string): LogLine {
  const record = { level: "INFO", time, name: "a", msg } as const;
  return { json: `${JSON.stringify(record)}\n`, record };
}

function sinkIn(dir: string, options: Partial<FileSinkOptions> = {}) {
  const troubles: (PeekError | undefined)[] = [];
  const sink = new FileSink({
    dir,
    name: "peek-logic-service",
    format: "json",
    daysToKeep: 14,
    maxFileMegabytes: 1,
    onTrouble: (trouble) => troubles.push(trouble),
    ...options,
  });
  return { sink, troubles, file: join(dir, "peek-logic-service.log") };
}

function fileAged(file: string, days: number): void {
  writeFileSync(file, "x");
  const then = new Date(Date.now() - days * 24 * 60 * 60 * 1000);
  utimesSync(file, then, then);
}

afterEach(() => void vi.useRealTimers());

describe("FileSink", () => {
  it("writes lines to a file for its owner alone, in a folder for its owner alone", async () => {
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

  it("goes on at the end of the file that is there", async () => {
    const dir = temporaryFolder();
    for (const msg of ["one", "two"]) {
      const { sink } = sinkIn(dir);
      sink.write(line(msg));
      await sink[Symbol.asyncDispose]();
    }
    expect(readFileSync(join(dir, "peek-logic-service.log"), "utf8")).toBe(`${line("one").json}${line("two").json}`);
  });

  it("makes nothing before the first line", async () => {
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

  it("keeps rotated files for their owner alone", async () => {
    const dir = temporaryFolder();
    const { sink } = sinkIn(dir);
    sink.write(line("x".repeat(1024 * 1024)));
    await sink[Symbol.asyncDispose]();
    expect(readdirSync(dir).map((name) => [name, statSync(join(dir, name)).mode & 0o777])).toEqual([
      [expect.stringMatching(/\.1\.log\.gz$/), 0o600],
      ["peek-logic-service.log", 0o600],
    ]);
  });

  it("puts what is left of an earlier day away, under that day", async () => {
    const dir = temporaryFolder();
    const { sink, file } = sinkIn(dir);
    writeFileSync(file, "old\n");
    utimesSync(file, new Date(2026, 0, 5, 12), new Date(2026, 0, 5, 12));
    sink.write(line("new"));
    await sink[Symbol.asyncDispose]();
    expect(gunzipSync(readFileSync(join(dir, "peek-logic-service-2026-01-05.1.log.gz"))).toString()).toBe("old\n");
    expect(readFileSync(file, "utf8")).toBe(line("new").json);
  });

  it("removes its own rotated files when they are older than they are kept, and nothing else", async () => {
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
  ])("tells once, and goes on, when %s", async (_what, spoil, why) => {
    const base = temporaryFolder();
    const dir = join(base, "home", "log");
    if (why !== "ENOTDIR") mkdirSync(join(base, "home"));
    spoil(dir);
    const told = Promise.withResolvers<void>();
    const troubles: (PeekError | undefined)[] = [];
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
    await sink[Symbol.asyncDispose]();
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatchObject({ code: "LOG_FILE_UNUSABLE", fields: { file } });
    expect(troubles[0]?.message).toContain(why);
    expect(troubles[0]?.message).toContain("it is tried again every 30 s");
  });

  it("tries again after half a minute, and tells when it is over", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const base = temporaryFolder();
    const dir = join(base, "log");
    writeFileSync(dir, "");
    const { sink, file, troubles } = sinkIn(dir);
    sink.write(line("one"));
    vi.setSystemTime(Date.now() + 29_000);
    rmSync(dir);
    sink.write(line("two"));
    expect(existsSync(dir)).toBe(false);
    writeFileSync(dir, "");
    vi.setSystemTime(Date.now() + 2000);
    sink.write(line("three"));
    expect(troubles.map((trouble) => trouble?.code)).toEqual(["LOG_FILE_UNUSABLE"]);
    rmSync(dir);
    vi.setSystemTime(Date.now() + 31_000);
    sink.write(line("four"));
    await sink[Symbol.asyncDispose]();
    expect(readFileSync(file, "utf8")).toBe(line("four").json);
    expect(troubles.map((trouble) => trouble?.code)).toEqual(["LOG_FILE_UNUSABLE", undefined]);
  });

  it("is disposed although it never could write", async () => {
    const { sink, troubles, file } = sinkIn(temporaryFolder());
    mkdirSync(file);
    sink.write(line("one"));
    await sink[Symbol.asyncDispose]();
    expect(troubles).toHaveLength(1);
  });

  it("takes lines after its end, and writes none", async () => {
    const { sink, file } = sinkIn(temporaryFolder());
    sink.write(line("one"));
    await sink[Symbol.asyncDispose]();
    sink.write(line("two"));
    expect(readFileSync(file, "utf8")).toBe(line("one").json);
  });
});
