import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FileLock } from "@peek/config";
import { expect, it } from "vitest";
import { ServerProcess } from "../../src/embedded/ServerProcess.ts";
import { caught } from "./caught.ts";
import { watchdogsOf } from "./processesOn.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { TestLog } from "./TestLog.ts";
import { until } from "./until.ts";

function lockOf(dir: string): FileLock {
  return FileLock.acquire(join(dir, "server.lock"));
}

/** A program in place of the server's, which writes its process id to the file `pid`. */
function launch(dir: string, script: string) {
  const call = {
    command: [
      "sh",
      "-c",
      `echo $$ > draft; mv draft "${join(dir, "pid")}"; ${script}`.replaceAll("draft", join(dir, "draft")),
    ],
    environment: { PATH: process.env["PATH"] },
  };
  return { call, dataDir: dir, lock: lockOf(dir), logger: new TestLog() };
}

it("An aborted start leaves no process", async () => {
  const dir = temporaryFolder();
  const giveUp = new AbortController();
  const start = ServerProcess.start(launch(dir, "exec sleep 60"), giveUp.signal);
  const rejected = expect(start).rejects.toMatchObject({ name: "AbortError" });
  await until("its start", () => existsSync(join(dir, "pid")));
  const pid = Number(readFileSync(join(dir, "pid"), "utf8"));
  expect(() => process.kill(pid, 0)).not.toThrow();
  giveUp.abort();
  await rejected;
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  expect(watchdogsOf(pid)).toEqual([]);
});

it("A program that ends reports its last output, even if that comes late", async () => {
  const dir = temporaryFolder();
  const late = "(sleep 0.1; echo 'XX000 FATAL:  could not write: No space left on device' >&2) & exit 3";
  const error = await caught(() => ServerProcess.start(launch(dir, late), new AbortController().signal));
  expect(error.code).toBe("STORAGE_EMBEDDED_FAILED");
  expect(error.message).toContain("exit code 3, could not write: No space left on device. The disk is full");
});

it("A missing program is reported", async () => {
  const dir = temporaryFolder();
  const call = { command: [join(dir, "nothing")], environment: {} };
  const launch = { call, dataDir: dir, lock: lockOf(dir), logger: new TestLog() };
  const start = () => ServerProcess.start(launch, new AbortController().signal);
  const error = await caught(start);
  expect(error.code).toBe("STORAGE_EMBEDDED_FAILED");
  expect(error.message).toContain("ENOENT");
});
