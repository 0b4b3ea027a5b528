import { chmodSync, linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { caught } from "./caught.ts";
import { processesOn, serverPid } from "./processesOn.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { madeOnce, numbers, openServer } from "./testServer.ts";

const isRoot = process.getuid?.() === 0;
const fill = madeOnce();

/** Makes programs fail as where they are not allowed, until the test ends. */
function forbid(...programs: readonly string[]): void {
  const dir = temporaryFolder();
  for (const program of programs) {
    writeFileSync(join(dir, program), "#!/bin/sh\nexit 1\n");
    chmodSync(join(dir, program), 0o755);
  }
  const before = process.env["PATH"];
  onTestFinished(() => void (process.env["PATH"] = before));
  process.env["PATH"] = [dir, before].join(delimiter);
}

describe.runIf(isRoot)("The embedded server of root", () => {
  it("runs in a namespace or with another account, on the same data", async () => {
    const dir = temporaryFolder();
    fill(dir);
    const first = await openServer(dir);
    expect(statSync(`/proc/${serverPid(dir)}`).uid).toBe(0);
    expect(statSync(join(dir, "data")).uid).toBe(0);
    await first.stop();

    forbid("unshare");
    const second = await openServer(dir);
    expect(await numbers(second.connection)).toEqual([1]);
    expect(statSync(`/proc/${serverPid(dir)}`).uid).toBe(65_534);
    expect(statSync(join(dir, "data", "PG_VERSION")).uid).toBe(65_534);
    await second.stop();

    process.env["PATH"] = process.env["PATH"]?.split(delimiter).slice(1).join(delimiter);
    const third = await openServer(dir);
    expect(await numbers(third.connection)).toEqual([1]);
    expect(statSync(`/proc/${serverPid(dir)}`).uid).toBe(0);
    expect(statSync(join(dir, "data", "PG_VERSION")).uid).toBe(0);
  });

  it("changes the owner of nothing outside of its data", async () => {
    const dir = temporaryFolder();
    fill(dir);
    const outside = temporaryFolder();
    for (const name of ["linked", "named"]) writeFileSync(join(outside, name), "");
    mkdirSync(join(outside, "inner"));
    writeFileSync(join(outside, "inner", "file"), "");
    const data = join(dir, "data");
    symlinkSync(join(outside, "linked"), join(data, "link"));
    symlinkSync(join(outside, "inner"), join(data, "pg_tblspc", "inner"));
    linkSync(join(outside, "named"), join(data, "name"));
    forbid("unshare");
    expect(await numbers((await openServer(dir)).connection)).toEqual([1]);
    expect(statSync(join(data, "global")).uid).toBe(65_534);
    for (const name of ["", "linked", "named", "inner", "inner/file"])
      expect([name, statSync(join(outside, name)).uid]).toEqual([name, 0]);
  });

  it("is created with another account where namespaces are not allowed", async () => {
    forbid("unshare");
    const dir = join(temporaryFolder(), "new");
    const { connection } = await openServer(dir);
    expect(connection.host).toBe(dir);
    expect(statSync(join(dir, "data")).uid).toBe(65_534);
    expect(statSync(dir).uid).toBe(0);
  });

  it("is rejected where neither is possible", async () => {
    forbid("unshare", "setpriv");
    const dir = temporaryFolder();
    const error = await caught(() => openServer(dir));
    expect(error.code).toBe("STORAGE_EMBEDDED_UNSUPPORTED");
    expect(error.message).toContain("ordinary account");
    expect(error.message).toContain("storage.connectUrl");
    expect(processesOn(dir)).toEqual([]);
  });
});
