import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, closeSync, existsSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FileLock, type FileLockOptions, LockHeldError, setConfigValue } from "@peek/config";
import { flockProgram, tryKernelLock } from "../src/kernelLock.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const newFile = (): string => join(temporaryFolder(), "some.lock");
const unsupported: FileLockOptions = { tryLock: () => "unsupported" };

describe("a FileLock", () => {
  it("is waited for no longer than it may be, and names who has it", () => {
    const file = newFile();
    using _lock = FileLock.acquire(file);
    const second = (): FileLock => FileLock.acquire(file, { waitMs: 30 });
    expect(second).toThrow(LockHeldError);
    expect(second).toThrow(`process ${process.pid} has locked ${file}. Wait for that process to end, or end it`);
  });

  it("is there for the next as soon as it is given back", () => {
    const file = newFile();
    FileLock.acquire(file)[Symbol.dispose]();
    FileLock.acquire(file)[Symbol.dispose]();
    expect(FileLock.heldBy(file)).toBeUndefined();
  });

  it.each([
    [true, false],
    [false, true],
  ])("removes its file when it is given back: %s", (removesFile, stays) => {
    const file = newFile();
    FileLock.acquire(file, { removesFile })[Symbol.dispose]();
    expect(existsSync(file)).toBe(stays);
  });

  it("leaves a file that another has put in its file's place", () => {
    const file = newFile();
    const lock = FileLock.acquire(file, { removesFile: true });
    rmSync(file);
    using _other = FileLock.acquire(file);
    lock[Symbol.dispose]();
    expect(FileLock.heldBy(file)?.holder?.pid).toBe(process.pid);
  });

  it("stays with a process that inherited it until that has ended", async () => {
    const file = newFile();
    const lock = FileLock.acquire(file);
    const heir = spawn("cat", { stdio: ["pipe", "ignore", "ignore", lock.descriptor] });
    await once(heir, "spawn");
    lock.leaveToInheritors();
    expect(() => FileLock.acquire(file)).toThrow(LockHeldError);
    heir.kill("SIGKILL");
    await once(heir, "exit");
    using _next = FileLock.acquire(file);
  });

  it("holds between processes of one machine where the file system has no locks, and says that it is not kept", () => {
    const file = newFile();
    using first = FileLock.acquire(file, unsupported);
    expect(first.isSupported).toBe(false);
    expect(() => FileLock.acquire(file, unsupported)).toThrow(LockHeldError);
  });

  it("is no obstacle where the file system has no locks and the process that the file names is gone", () => {
    const file = newFile();
    writeFileSync(file, JSON.stringify({ pid: 4711, startTime: "another-boot/1", host: "elsewhere", since: "noon" }));
    using lock = FileLock.acquire(file, unsupported);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ pid: process.pid });
    expect(lock.isSupported).toBe(false);
  });

  it.each([
    ["is a link that leads nowhere", (file: string) => symlinkSync("nowhere", file), "is a link. Remove it"],
    ["has no content", (file: string) => writeFileSync(file, ""), undefined],
    ["may not be read", (file: string) => (writeFileSync(file, ""), chmodSync(file, 0)), undefined],
  ])("of a change to config.json ends at once when its file %s", (_what, spoil, complaint) => {
    const file = join(temporaryFolder(), "config.json");
    spoil(`${file}.lock`);
    const change = (): void => setConfigValue(file, ["logging", "level"], "DEBUG");
    if (complaint === undefined) expect(change).not.toThrow();
    else expect(change).toThrow(complaint);
  });
});

describe("the lock of the program flock, for systems without the binding", () => {
  it("stays with the file that is open here, and keeps others from it", () => {
    const file = newFile();
    const [one, other] = [openSync(file, "a+"), openSync(file, "a+")];
    expect(flockProgram(one, "exclusive")).toBe("acquired");
    expect(flockProgram(other, "exclusive")).toBe("held");
    expect(flockProgram(other, "shared")).toBe("held");
    closeSync(one);
    expect(flockProgram(other, "exclusive")).toBe("acquired");
    closeSync(other);
  });
});

describe("the lock of the kernel", () => {
  it("is had through the binding on this machine", () => {
    const file = newFile();
    const [one, other] = [openSync(file, "a+"), openSync(file, "a+")];
    expect(tryKernelLock(one, "exclusive")).toBe("acquired");
    expect(tryKernelLock(other, "shared")).toBe("held");
    // What flock(1) sees is another kind of lock: had it been taken by that program, it would be held here too.
    expect(flockProgram(other, "exclusive")).toBe("acquired");
    closeSync(one);
    closeSync(other);
  });
});
