import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { createServiceHome, lockHome, homeLockHolder, type ServiceHome, serviceHome } from "@peek/config";
import { tryKernelLock } from "../src/kernelLock.ts";
import { caught } from "./caught.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

function newHome(): ServiceHome {
  const home = serviceHome("logic", { PEEK_HOME: temporaryFolder() });
  createServiceHome(home);
  return home;
}

/** The content of the lock file while this process holds the lock. */
function ownContent(): Readonly<Record<string, unknown>> {
  const home = newHome();
  using _lock = lockHome(home);
  return JSON.parse(readFileSync(home.lockFile, "utf8"));
}

/** Makes the lock's file a second name of another. */
function linkedFile(home: ServiceHome): void {
  for (const name of ["elsewhere", "other"]) writeFileSync(join(home.dir, name), "");
  linkSync(join(home.dir, "other"), home.lockFile);
}

/** The id of a process that is over. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "close");
  return child.pid ?? 0;
}

describe("HomeLock", () => {
  it("names its holder in a file for its owner alone, which is empty afterwards", () => {
    const home = newHome();
    {
      using lock = lockHome(home);
      expect(homeLockHolder(home)).toEqual({
        title: `process ${process.pid}`,
        howToStop: `Stop it first (kill ${process.pid})`,
        process: { ...ownContent(), since: expect.any(String) },
      });
      expect(statSync(home.lockFile).mode & 0o777).toBe(0o600);
      expect(readdirSync(home.dir)).toEqual(["service.lock"]);
      expect(lock.limit).toBeUndefined();
    }
    expect(homeLockHolder(home)).toBeUndefined();
    expect(readFileSync(home.lockFile, "utf8")).toBe("");
  });

  it("can be taken again once it was given back", () => {
    const home = newHome();
    lockHome(home)[Symbol.dispose]();
    using _lock = lockHome(home);
    expect(homeLockHolder(home)?.process?.pid).toBe(process.pid);
  });

  it("refuses a second holder, names the first, and leaves it the lock", () => {
    const home = newHome();
    using _lock = lockHome(home);
    const before = readFileSync(home.lockFile, "utf8");
    const error = caught(() => lockHome(home));
    expect(error).toMatchObject({ code: "HOME_LOCKED", exitCode: 69, fields: { pid: process.pid, home: home.dir } });
    expect(error.message).toContain(`Process ${process.pid} `);
    expect(error.message).toContain("PEEK_HOME");
    expect(readFileSync(home.lockFile, "utf8")).toBe(before);
    expect(readdirSync(home.dir)).toEqual(["service.lock"]);
  });

  it("keeps homes apart", () => {
    using _one = lockHome(newHome());
    using _other = lockHome(newHome());
  });

  it("is taken over from a process that is gone", async () => {
    const home = newHome();
    writeFileSync(home.lockFile, JSON.stringify({ ...ownContent(), pid: await deadPid() }));
    expect(homeLockHolder(home)).toBeUndefined();
    using _lock = lockHome(home);
    expect(homeLockHolder(home)?.process?.pid).toBe(process.pid);
    expect(readdirSync(home.dir)).toEqual(["service.lock"]);
  });

  it.runIf(process.platform === "linux").each([
    ["began at another time", { startTime: "another-boot/1" }],
    ["is on another machine", { host: "elsewhere.invalid", startTime: "" }],
  ])("is taken over from a process with the id of a live one that %s", (_what, difference) => {
    const home = newHome();
    writeFileSync(home.lockFile, JSON.stringify({ ...ownContent(), pid: process.ppid, ...difference }));
    expect(homeLockHolder(home)).toBeUndefined();
    using _lock = lockHome(home);
    expect(homeLockHolder(home)?.process?.pid).toBe(process.pid);
  });

  it("is taken though its file names a live process that does not hold it", () => {
    const home = newHome();
    writeFileSync(home.lockFile, JSON.stringify({ ...ownContent(), pid: process.ppid, startTime: "" }));
    expect(homeLockHolder(home)).toBeUndefined();
    using _lock = lockHome(home);
    expect(homeLockHolder(home)?.process?.pid).toBe(process.pid);
  });

  it.each([
    [
      "another machine or container",
      (own: object) => JSON.stringify({ ...own, host: "peek-2", startTime: "another-boot/1", since: "noon" }),
      `Process ${process.pid} of the machine or container peek-2 has been running on HOME since noon. Stop it there first`,
    ],
    ["nobody", () => "", "An unknown process has been running on HOME. Stop it first, or give"],
  ])("refuses a second holder with any content of the lock file: %s", (_what, content, expected) => {
    const home = newHome();
    using _lock = lockHome(home);
    writeFileSync(home.lockFile, content(ownContent()));
    const error = caught(() => lockHome(home));
    expect(error.code).toBe("HOME_LOCKED");
    expect(error.message.replaceAll(home.dir, "HOME")).toContain(expected);
  });

  it.each([
    ["nothing", ""],
    ["half a line", '{"pid": 1, "startT'],
    ["no JSON", "1234\nlogic"],
    ["a bare number", "1"],
    ["an id below one", JSON.stringify({ pid: -1, startTime: "", host: hostname(), since: "" })],
    ["an id of the wrong type", JSON.stringify({ pid: "1", startTime: "", host: hostname(), since: "" })],
    ["bytes that are no text", Buffer.from([0, 255, 254, 1])],
  ])("is taken over where the file holds %s", (_what, content) => {
    const home = newHome();
    writeFileSync(home.lockFile, content);
    expect(homeLockHolder(home)).toBeUndefined();
    using _lock = lockHome(home);
    expect(homeLockHolder(home)?.process?.pid).toBe(process.pid);
  });

  it("can be given back twice, and when its file is gone", () => {
    const home = newHome();
    const lock = lockHome(home);
    rmSync(home.lockFile);
    lock[Symbol.dispose]();
    lock[Symbol.dispose]();
    expect(existsSync(home.lockFile)).toBe(false);
  });

  it("is not kept from a process that takes it while others only look", async () => {
    const home = newHome();
    writeFileSync(home.lockFile, JSON.stringify(ownContent()));
    const glance = openSync(home.lockFile, "r");
    expect(tryKernelLock(glance, "shared")).toBe("acquired");
    setTimeout(() => closeSync(glance), 0);
    // The wait for it blocks this thread: another process has to take it.
    const racer = new Racer();
    await racer.answer();
    racer.race(dirname(home.dir));
    expect(await racer.answer()).toBe("won");
    await racer.end();
  });

  it.each([
    ["is not there", (home: ServiceHome) => rmSync(home.dir, { recursive: true })],
    ["has a folder in the lock's place", (home: ServiceHome) => mkdirSync(home.lockFile)],
    ["has a link in the lock's place", (home: ServiceHome) => symlinkSync("elsewhere", home.lockFile)],
    ["has a pipe in the lock's place", (home: ServiceHome) => spawnSync("mkfifo", [home.lockFile])],
    ["has another file's name in the lock's place", (home: ServiceHome) => linkedFile(home)],
  ])("says that the home cannot be used when it %s", (_what, spoil) => {
    const home = newHome();
    spoil(home);
    const error = caught(() => lockHome(home));
    expect(error).toMatchObject({ code: "HOME_UNUSABLE", fields: { home: home.dir } });
    expect(error.message).toContain(home.dir);
    expect(existsSync(join(home.dir, "elsewhere"))).toBe(existsSync(join(home.dir, "other")));
  });

  it("lets one of eight processes win, each time that they race for a stale file or for none", async () => {
    const content = JSON.stringify({ ...ownContent(), pid: await deadPid() });
    const racers = Array.from({ length: 8 }, () => new Racer());
    await Promise.all(racers.map((racer) => racer.answer()));
    for (let round = 0; round < 200; round += 1) {
      const base = temporaryFolder();
      const home = serviceHome("logic", { PEEK_HOME: base });
      createServiceHome(home);
      if (round % 2 === 0) writeFileSync(home.lockFile, content);

      for (const racer of racers) racer.race(base);
      const answers = await Promise.all(racers.map((racer) => racer.answer()));

      expect(answers.toSorted()).toEqual([...Array.from({ length: 7 }, () => "HOME_LOCKED"), "won"]);
      expect(homeLockHolder(home)?.process?.pid).toBe(racers[answers.indexOf("won")]?.pid);
      expect(readdirSync(home.dir)).toEqual(["service.lock"]);
    }
    await Promise.all(racers.map((racer) => racer.end()));
  });
});

class Racer {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    this.#process = spawn(process.execPath, ["--conditions=@peek/source", join(import.meta.dirname, "lockRacer.ts")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    onTestFinished(() => void this.#process.kill("SIGKILL"));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async answer(): Promise<string> {
    const { value } = await this.#lines.next();
    return String(value);
  }

  race(base: string): void {
    this.#process.stdin.write(`${base}\n`);
  }

  async end(): Promise<void> {
    const closed = once(this.#process, "close");
    this.#process.stdin.end();
    await closed;
  }
}
