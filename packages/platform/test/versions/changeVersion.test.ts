import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PumpVersions } from "./pumpVersions.ts";
import { ServiceProcess } from "./ServiceProcess.ts";
import { stepOf } from "./stepOf.ts";

describe("a change of the version of a plugin", () => {
  it("is refused for a version that is not installed or cannot be imported, and changes nothing", async () => {
    const versions = await PumpVersions.make();
    const { names } = versions;
    const { service, runs } = await ServiceProcess.start(versions);
    expect(runs).toBe("1.0.0 started");
    expect(await service.change("1.2.0-0123456789ab")).toMatchObject({
      outcome: "refused",
      error: expect.stringMatching(/^PLUGIN_VERSION_NOT_INSTALLED peek_plugin_pump has no installed version 1\.2\.0-0/),
    });
    versions.arrange("fail", "import", "1.1.0");
    expect(await service.change(names["1.1.0"])).toMatchObject({
      outcome: "refused",
      error: expect.stringContaining("The valve is stuck."),
      runs: "1.0.0 started",
    });
    expect(versions).toMatchObject({ current: "1.0.0", journalFiles: [] });
    await service.stop();
  });

  it("makes the new version current and runs it, and the one before again where the new one fails", async () => {
    const versions = await PumpVersions.make();
    const { names } = versions;
    const { service } = await ServiceProcess.start(versions);
    versions.arrange("fail", "start", "1.1.0");
    expect(await service.change(names["1.1.0"])).toMatchObject({
      outcome: "reverted",
      error: expect.stringMatching(/The valve is stuck\. Version 1\.0\.0 runs again, as generation 3\./),
      runs: "1.0.0 started",
    });
    expect(versions).toMatchObject({ current: "1.0.0", journalFiles: [] });
    versions.release();
    expect(await service.change(names["1.1.0"])).toMatchObject({ outcome: "done", runs: "1.1.0 started" });
    expect(versions).toMatchObject({ current: "1.1.0", journalFiles: [] });
    expect(await service.change(names["1.0.0"])).toMatchObject({ outcome: "done", runs: "1.0.0 started" });
    expect(await service.stop()).toBe(0);
  });

  it("is refused on a full disk before anything has changed", async () => {
    const versions = await PumpVersions.make();
    const { service } = await ServiceProcess.start(versions);
    // A file above the limit fails to be written as on a full disk; the lock's is shorter, and an entry of the journal longer.
    spawnSync("prlimit", [`--pid=${service.pid}`, "--fsize=150"]);
    expect(await service.change(versions.names["1.1.0"])).toMatchObject({
      outcome: "refused",
      error: expect.stringMatching(/^PLUGIN_SOFTWARE_FULL .*the disk is full.*Nothing has been changed/),
      runs: "1.0.0 started",
    });
    expect(versions).toMatchObject({ current: "1.0.0", journalFiles: [] });
    await service.kill();
  });
});

describe("a service that is stopped while it changes a version", () => {
  it("keeps the old version before the step committed, and completes the change at its next start after it", async () => {
    const versions = await PumpVersions.make();
    mkdirSync(versions.journalDir, { mode: 0o700 });
    for (const { hold, step, after } of [
      { hold: "import", step: "prepared", after: undefined },
      { hold: "start", step: "committed", after: "committed" },
    ] as const) {
      const { service, runs } = await ServiceProcess.start(versions);
      expect(runs).toBe("1.0.0 started");
      versions.arrange("hold", hold, "1.1.0");
      const reached = stepOf(versions, step);
      service.request(versions.names["1.1.0"]);
      await reached;
      expect(await service.stop()).toBe(0);
      expect(versions.entry?.step).toBe(after);
      versions.release();
    }
    expect((await ServiceProcess.start(versions)).runs).toBe("1.1.0 started");
    expect(versions).toMatchObject({ current: "1.1.0", journalFiles: [] });
  });
});

describe("a service that is killed while it changes a version", () => {
  it("runs the old or the new version whole, by the step that the journal has", { timeout: 240_000 }, async () => {
    const versions = await PumpVersions.make();
    const { names } = versions;
    mkdirSync(versions.journalDir, { mode: 0o700 });
    const other = { "1.0.0": "1.1.0", "1.1.0": "1.0.0" } as const;
    let version: keyof typeof other = "1.0.0";
    const steps = ["prepared", "committed", "started", "reverted", undefined] as const;
    const plan = [...steps, ...steps];
    const probeOf = (step: (typeof steps)[number]): number => (step === "started" ? 60 : 0);
    let { service } = await ServiceProcess.start(versions, probeOf(plan[0]));
    for (const [index, step] of plan.entries()) {
      const target: keyof typeof other = other[version];
      if (step === "prepared") versions.arrange("hold", "import", target);
      if (step === "committed") versions.arrange("hold", "start", target);
      if (step === "reverted") {
        versions.arrange("fail", "start", target);
        versions.arrange("hold", "start", version);
      }
      const reached = stepOf(versions, step);
      service.request(names[target]);
      await reached;
      await service.kill();
      versions.release();
      expect(versions.entry?.step).toBe(step);
      const expected: keyof typeof other = step === "prepared" || step === "reverted" ? version : target;
      const next = await ServiceProcess.start(versions, probeOf(plan[index + 1]));
      service = next.service;
      expect({ step, runs: next.runs }).toEqual({ step, runs: `${expected} started` });
      expect(versions).toMatchObject({ current: expected, journalFiles: [] });
      const said = service.lines.filter((line) => line.includes("was interrupted"));
      expect(said).toHaveLength(step === undefined ? 0 : 1);
      if (step !== undefined) expect(said[0]).toContain(`version ${expected} runs`);
      version = expected;
    }
    expect(await service.stop()).toBe(0);
  });

  it("goes back to the old version where the new one fails at the next start", async () => {
    const versions = await PumpVersions.make();
    const { service } = await ServiceProcess.start(versions);
    mkdirSync(versions.journalDir, { mode: 0o700, recursive: true });
    versions.arrange("hold", "start", "1.1.0");
    const reached = stepOf(versions, "committed");
    service.request(versions.names["1.1.0"]);
    await reached;
    await service.kill();
    versions.release();
    versions.arrange("fail", "start", "1.1.0");
    const next = await ServiceProcess.start(versions);
    expect(next.runs).toBe("1.0.0 started");
    expect(versions).toMatchObject({ current: "1.0.0", journalFiles: [] });
    expect(next.service.lines.join("\n")).toMatch(
      /version 1\.0\.0 runs: the change to 1\.1\.0 was interrupted after it had been committed, and the new version failed: .*The valve is stuck/,
    );
  });

  it("tries the new version at two starts, and not for ever", async () => {
    const versions = await PumpVersions.make();
    const first = await ServiceProcess.start(versions);
    mkdirSync(versions.journalDir, { mode: 0o700, recursive: true });
    versions.arrange("hold", "start", "1.1.0");
    const reached = stepOf(versions, "committed");
    first.service.request(versions.names["1.1.0"]);
    await reached;
    await first.service.kill();
    for (const tries of [1, 2]) {
      const tried = stepOf(versions, "committed", tries);
      const service = ServiceProcess.begin(versions);
      await tried;
      await service.kill();
    }
    expect((await ServiceProcess.start(versions)).runs).toBe("1.0.0 started");
    expect(versions).toMatchObject({ current: "1.0.0", journalFiles: [] });
  });

  it("names damaged files of the journal, and runs the current version", async () => {
    const versions = await PumpVersions.make();
    mkdirSync(versions.journalDir, { mode: 0o700 });
    const files = {
      "half.json": '{"format":1,"id":"',
      "wrong.json": JSON.stringify({ format: 1, id: "x", plugin: "../../x", to: "..", step: "committed" }),
      "large.json": `"${"x".repeat(20_000)}"`,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(versions.journalDir, name), text);
    const { service, runs } = await ServiceProcess.start(versions);
    expect(runs).toBe("1.0.0 started");
    for (const name of Object.keys(files)) {
      expect(service.lines.filter((line) => line.includes(`${name} is no entry of the journal`))).toHaveLength(1);
    }
    expect(await service.change(versions.names["1.1.0"])).toMatchObject({ outcome: "done" });
    expect(readdirSync(versions.journalDir).sort()).toEqual(Object.keys(files).sort());
  });
});
