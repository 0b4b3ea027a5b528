import { join } from "node:path";
import { PeekError } from "@peek/errors";
import { FolderSource, InstalledSource, type PlatformExtension } from "@peek/loader";
import { describe, expect, it, vi } from "vitest";
import { type TestPlugin, writePlugin } from "./pluginFolders.ts";
import { TestLoader } from "./TestLoader.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const a = "peek_plugin_a";
const b = "peek_plugin_b";
const c = "peek_plugin_c";
const needs = (name: string, range = "*", optional = false): TestPlugin => ({
  dependencies: { [name]: { version: range, optional } },
});

/** A plugin that writes each of its hooks down, with its version. */
function noting(log: string[], plugin: TestPlugin = {}): TestPlugin {
  const version = plugin.version ?? "1.0.0";
  const note = (hook: "load" | "start" | "stop" | "unload") => ({
    [hook]: (given: Parameters<NonNullable<TestPlugin["load"]>>[0]) => {
      log.push(`${hook} ${given.name} ${version}`);
      return plugin[hook]?.(given);
    },
  });
  return { ...plugin, ...note("load"), ...note("start"), ...note("stop"), ...note("unload") };
}

describe("a reload", () => {
  it("ends the plugin and runs the version that is installed now, in a new generation", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), { [a]: noting(log), [b]: noting(log) }).started();
    log.length = 0;
    test.install(a, noting(log, { version: "1.1.0" }));
    expect(await test.change("reload", a)).toMatchObject({
      kind: "reload",
      plugin: a,
      outcome: "done",
      from: { version: "1.0.0", generation: 1 },
      to: { version: "1.1.0", generation: 2 },
      restarted: [],
      ended: [],
      durations: { plan: expect.any(Number), prepare: expect.any(Number), stop: expect.any(Number) },
    });
    expect(log).toEqual([`stop ${a} 1.0.0`, `unload ${a} 1.0.0`, `load ${a} 1.1.0`, `start ${a} 1.1.0`]);
    expect(test.status(a)).toMatchObject({ state: "started", version: "1.1.0", generation: 2 });
    expect(test.status(b)).toMatchObject({ state: "started", generation: 1 });
    await test.loader.stop();
  });

  it("restarts the plugins that depend on it, also through others and by an optional dependency", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      [c]: noting(log, needs(b)),
      [b]: noting(log, needs(a, "*", true)),
      [a]: noting(log),
    }).started();
    log.length = 0;
    expect(await test.change("reload", a)).toMatchObject({ outcome: "done", restarted: [b, c] });
    expect(log.map((line) => line.replace(" 1.0.0", ""))).toEqual([
      ...[`stop ${c}`, `stop ${b}`, `stop ${a}`, `unload ${c}`, `unload ${b}`, `unload ${a}`],
      ...[`load ${a}`, `load ${b}`, `load ${c}`, `start ${a}`, `start ${b}`, `start ${c}`],
    ]);
    expect([a, b, c].map((name) => test.status(name).generation)).toEqual([2, 2, 2]);
    await test.loader.stop();
  });

  it("runs a plugin that had failed, and those that it blocked", async () => {
    const test = await new TestLoader(temporaryFolder(), {
      [a]: { start: () => Promise.reject(new Error("no pump")) },
      [b]: needs(a),
      [c]: needs(b),
    }).started();
    expect(test.states).toEqual({ [a]: "failed", [b]: "blocked", [c]: "blocked" });
    test.install(a, { version: "1.0.1" });
    expect(await test.change("reload", a)).toMatchObject({ outcome: "done", restarted: [b, c] });
    expect(test.states).toEqual({ [a]: "started", [b]: "started", [c]: "started" });
    await test.loader.stop();
  });

  it("runs a plugin that refused the version before", async () => {
    const test = await new TestLoader(temporaryFolder(), { [a]: {}, [b]: needs(a, "^2.0.0") }).started();
    expect(test.status(b).error?.code).toBe("DEPENDENCY_VERSION");
    test.install(a, { version: "2.0.0" });
    expect(await test.change("reload", a)).toMatchObject({ outcome: "done", restarted: [b] });
    expect(test.states).toEqual({ [a]: "started", [b]: "started" });
    await test.loader.stop();
  });

  it.each<[string, TestPlugin, string, string]>([
    ["has a malformed manifest", { manifest: "{" }, "MANIFEST_MALFORMED", "plugin_package.json"],
    ["has no part for the service", { requiresServices: ["field"] }, "PLUGIN_NOT_FOR_SERVICE", "requires field"],
    [
      "is of a version that a dependant excludes",
      { version: "2.0.0" },
      "DEPENDENCY_VERSION",
      `${b} depends on ${a} ^1.0.0`,
    ],
    ["depends on its dependant", needs(b), "DEPENDENCY_CYCLE", `${a} → ${b} → ${a}`],
    ["depends on a plugin that is not enabled", needs(c), "DEPENDENCY_MISSING", `${a} depends on ${c}`],
    ["cannot be imported", { code: "this is no JavaScript" }, "IMPORT_FAILED", "importing"],
    ["exports no hook function", { code: "export {}" }, "ENTRY_HOOK_MISSING", "peekLogicEntryHook"],
    ["returns no class", { version: "1.2.0", entry: () => 5 }, "ENTRY_HOOK_NOT_A_CLASS", "returned 5"],
  ])("is refused, and stops nothing, when the new version %s", async (_what, next, code, message) => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      [a]: noting(log),
      [b]: noting(log, needs(a, "^1.0.0")),
    }).started();
    log.length = 0;
    test.install(a, next);
    const result = await test.change("reload", a);
    expect(result).toMatchObject({ outcome: "refused", error: { code }, to: { version: "1.0.0", generation: 1 } });
    expect(result.error?.message).toContain(message);
    expect(log).toEqual([]);
    expect(test.states).toEqual({ [a]: "started", [b]: "started" });
    test.install(a, { version: "1.3.0" });
    expect(await test.change("reload", a)).toMatchObject({ outcome: "done", to: { version: "1.3.0" } });
    await test.loader.stop();
  });

  it("is refused for a plugin that is not enabled", async () => {
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }).started();
    expect((await test.change("reload", b)).error?.code).toBe("PLUGIN_NOT_ENABLED");
    expect((await test.change("disable", b)).error?.code).toBe("PLUGIN_NOT_ENABLED");
    expect((await test.change("enable", a)).error?.code).toBe("PLUGIN_ALREADY_ENABLED");
    await test.loader.stop();
  });

  it.each(["load", "start"] as const)("is reverted when %s() of the new version fails", async (hook) => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), { [a]: noting(log), [b]: noting(log, needs(a)) }).started();
    test.install(a, { version: "1.1.0", [hook]: () => Promise.reject(new Error("no pump")) });
    const result = await test.change("reload", a);
    expect(result).toMatchObject({
      outcome: "reverted",
      to: { version: "1.0.0", generation: 3 },
      restarted: [b],
      error: {
        code: "HOOK_THREW",
        message: `${a} 1.1.0 (generation 2) failed in ${hook}(): no pump. Version 1.0.0 runs again, as generation 3.`,
      },
    });
    expect(test.states).toEqual({ [a]: "started", [b]: "started" });
    await test.loader.stop();
  });

  it("is reverted when a plugin that depends on it does not run with the new version", async () => {
    let starts = 0;
    const start = (): void => {
      starts += 1;
      if (starts === 2) throw new Error("no flow");
    };
    const test = await new TestLoader(temporaryFolder(), { [a]: {}, [b]: { ...needs(a), start } }).started();
    test.install(a, { version: "1.1.0" });
    const result = await test.change("reload", a);
    expect(result).toMatchObject({ outcome: "reverted", to: { version: "1.0.0", generation: 3 } });
    expect(result.error?.message).toContain(`${b} 1.0.0 (generation 2) failed in start(): no flow.`);
    expect(test.states).toEqual({ [a]: "started", [b]: "started" });
    await test.loader.stop();
  });

  it("leaves the plugin failed, and its dependants blocked, when the old version does not run again either", async () => {
    let starts = 0;
    const start = (): void => {
      starts += 1;
      if (starts > 1) throw new Error("no pump");
    };
    const test = await new TestLoader(temporaryFolder(), { [a]: { start }, [b]: needs(a), [c]: {} }).started();
    test.install(a, { version: "1.1.0", start });
    expect(await test.change("reload", a)).toMatchObject({
      outcome: "failed",
      ended: [b],
      error: {
        code: "HOOK_THREW",
        message: `${a} 1.1.0 (generation 2) failed in start(): no pump. Version 1.0.0 does not run again either: ${a} 1.0.0 (generation 3) failed in start(): no pump. Blocked with it: ${b}.`,
      },
    });
    expect(test.states).toEqual({ [a]: "failed", [b]: "blocked", [c]: "started" });
    await test.loader.stop();
  });

  it("gives up a plugin that does not stop, and names what it leaks with its generation", async () => {
    const deadlines = { warnMs: 5000, migrateMs: 5000, loadMs: 9000, startMs: 9000, suspendMs: 5000, shutdownMs: 9000 };
    const test = await new TestLoader(
      temporaryFolder(),
      {
        [a]: {
          stop: () => new Promise(() => undefined),
          start: ({ disposables }) =>
            disposables.defer(function pumpSocket() {
              throw new Error("stuck");
            }),
        },
      },
      { deadlines: { ...deadlines, stopMs: 30, unloadMs: 30 } },
    ).started();
    test.install(a, { version: "1.1.0" });
    expect(await test.change("reload", a)).toMatchObject({ outcome: "done", to: { version: "1.1.0", generation: 2 } });
    expect(test.logged("error")).toEqual([
      expect.stringContaining(`${a} (generation 1) failed in stop(): stop() did not settle`),
    ]);
    expect(test.logged("warning")).toEqual([expect.stringContaining(`${a} (generation 1) holds pumpSocket`)]);
    expect(test.states).toEqual({ [a]: "started" });
    await test.loader.stop();
  });
});

describe("an error of a new generation", () => {
  it("reverts the change while the generation is watched", async () => {
    const test = await new TestLoader(temporaryFolder(), { [a]: {}, [b]: needs(a) }, { probeMs: 60_000 }).started();
    test.install(a, { version: "1.1.0" });
    const changed = test.loader.change({ kind: "reload", plugin: a }, (step) => {
      if (step === "probe") test.loader.reportError(a, new Error("timer went wrong"), 2);
    });
    const result = await changed;
    expect(result).toMatchObject({ outcome: "reverted", to: { version: "1.0.0", generation: 3 }, restarted: [b] });
    expect(result.error).toMatchObject({
      code: "PLUGIN_LATE_ERROR",
      message: expect.stringContaining("timer went wrong"),
    });
    expect(test.states).toEqual({ [a]: "started", [b]: "started" });
    await test.loader.stop();
  });

  it("is logged and fails nothing when an earlier generation caused it", async () => {
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }).started();
    await test.change("reload", a);
    for (let count = 0; count < 100; count += 1) expect(test.loader.reportError(a, new Error("late"), 1)).toBe(true);
    expect(test.states).toEqual({ [a]: "started" });
    expect(test.logged("error")).toEqual([
      expect.stringContaining(`${a} (generation 1), which is not the present one: it threw`),
    ]);
    await test.loader.stop();
  });

  it("is attributed to the generation that left a timer behind", async () => {
    const ring = Promise.withResolvers<void>();
    const caught: (string | undefined)[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      [a]: {
        start: () => void ring.promise.then(() => caught.push(String(test.loader.reportUncaught(new Error("late"))))),
      },
    }).started();
    await test.change("reload", a);
    ring.resolve();
    await vi.waitFor(() => expect(caught.length).toBeGreaterThan(0));
    expect(test.logged("error")[0]).toContain(`${a} (generation 1)`);
    await test.loader.stop();
  });
});

describe("enabling and disabling", () => {
  it("starts a plugin that was not enabled, and those that wanted it", async () => {
    const test = await new TestLoader(
      temporaryFolder(),
      { [a]: {}, [b]: needs(a), [c]: needs(a, "*", true) },
      { enabled: [b, c] },
    ).started();
    expect(test.states).toEqual({ [b]: "failed", [c]: "started" });
    expect(await test.change("enable", a)).toMatchObject({
      outcome: "done",
      to: { version: "1.0.0", generation: 1 },
      restarted: [b, c],
    });
    expect(test.states).toEqual({ [b]: "started", [c]: "started", [a]: "started" });
    await test.loader.stop();
    expect(test.states).toEqual({ [b]: "unloaded", [c]: "unloaded", [a]: "unloaded" });
  });

  it("leaves no trace of a plugin that could not be started", async () => {
    const test = await new TestLoader(
      temporaryFolder(),
      { [a]: { start: () => Promise.reject(new Error("no pump")) }, [c]: needs(a, "*", true) },
      { enabled: [c] },
    ).started();
    const result = await test.change("enable", a);
    expect(result).toMatchObject({ outcome: "reverted", restarted: [c], error: { code: "HOOK_THREW" } });
    expect(result.to).toBeUndefined();
    expect(result.error?.message).toBe(`${a} 1.0.0 (generation 1) failed in start(): no pump. ${a} is not enabled.`);
    expect(test.states).toEqual({ [c]: "started" });
    await test.loader.stop();
  });

  it("stops a plugin, and those that require it, until it is enabled again", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      [a]: noting(log),
      [b]: noting(log, needs(a)),
      [c]: noting(log, needs(b)),
    }).started();
    log.length = 0;
    const result = await test.change("disable", a);
    expect(result).toMatchObject({ outcome: "done", from: { generation: 1 }, ended: [c, b] });
    expect(result.to).toBeUndefined();
    expect(log.filter((line) => line.startsWith("stop"))).toEqual([c, b, a].map((name) => `stop ${name} 1.0.0`));
    expect(test.states).toEqual({ [b]: "failed", [c]: "blocked" });
    expect(test.status(b).error?.code).toBe("DEPENDENCY_MISSING");
    expect(await test.change("enable", a)).toMatchObject({ outcome: "done", to: { generation: 2 }, restarted: [b, c] });
    expect(test.states).toEqual({ [b]: "started", [c]: "started", [a]: "started" });
    await test.loader.stop();
  });
});

describe("a change that has to be confirmed", () => {
  it("stops nothing before, and is refused where the confirmation is", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), { [a]: noting(log) }).started();
    log.length = 0;
    const request = { kind: "reload", plugin: a } as const;
    const error = new PeekError("PLUGIN_SOFTWARE_FULL", "The disk is full.");
    const refused = await test.loader.change(request, undefined, () => Promise.reject(error));
    expect(refused).toMatchObject({ outcome: "refused", error: { code: "PLUGIN_SOFTWARE_FULL" } });
    expect(log).toEqual([]);
    const done = await test.loader.change(request, undefined, async ({ version, stop }) => {
      expect({ version, stop, log }).toEqual({ version: "1.0.0", stop: [a], log: [] });
    });
    expect(done).toMatchObject({ outcome: "done", to: { generation: 3 } });
    expect(log).toHaveLength(4);
    await test.loader.stop();
  });
});

describe("a change to a version in a folder", () => {
  it("runs that version, though another one is current", async () => {
    const software = temporaryFolder();
    const sources = [new InstalledSource(software)];
    const current = writePlugin(join(software, "current"), a);
    const test = await new TestLoader(temporaryFolder(), {}, { enabled: [a], sources }).started();
    const folder = writePlugin(join(software, "versions"), a, { version: "1.1.0" });
    const request = { kind: "reload", plugin: a } as const;
    expect(await test.loader.change({ ...request, folder })).toMatchObject({
      outcome: "done",
      to: { version: "1.1.0" },
    });
    expect(test.status(a)).toMatchObject({ rootDir: folder, source: sources[0]?.title });
    expect(await test.loader.change(request)).toMatchObject({ outcome: "done", to: { version: "1.0.0" } });
    expect(test.status(a)).toMatchObject({ rootDir: current });
    await test.loader.stop();
  });

  it("is refused where the plugin is also in a place that comes before the versions", async () => {
    const software = temporaryFolder();
    const earlier = writePlugin(temporaryFolder(), a);
    const sources = [new FolderSource([earlier]), new InstalledSource(software)];
    const test = await new TestLoader(temporaryFolder(), {}, { enabled: [a], sources }).started();
    const folder = writePlugin(join(software, "versions"), a, { version: "1.1.0" });
    expect(await test.loader.change({ kind: "reload", plugin: a, folder })).toMatchObject({
      outcome: "refused",
      error: {
        code: "PLUGIN_SHADOWED",
        message: `${a} of the given folders comes before the installed versions, so that ${folder} cannot run. Remove it from there.`,
      },
    });
    expect(test.status(a)).toMatchObject({ state: "started", generation: 1, rootDir: earlier });
    await test.loader.stop();
  });
});

describe("a new generation that is watched", () => {
  it("is watched no longer on demand, also before the watch begins; a version that is brought back is not watched", async () => {
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }, { probeMs: 3_600_000 }).started();
    for (const at of ["start", "probe"] as const) {
      const changed = test.loader.change({ kind: "reload", plugin: a }, (step) => {
        if (step === at) test.loader.endProbe(a);
      });
      expect(await changed).toMatchObject({ outcome: "done" });
    }
    expect(await test.loader.change({ kind: "reload", plugin: a, isRevert: true })).toMatchObject({ outcome: "done" });
    await test.loader.stop();
  });
});

describe("a version that is brought back", () => {
  it("is known as such to extensions: after a failed change, by a change that takes one back, and at a start", async () => {
    const migrated: string[] = [];
    const extension: PlatformExtension = {
      appliesTo: () => true,
      migrate: async ({ manifest, generation, isBroughtBack }) => {
        migrated.push(`${manifest.plugin.version} ${generation} ${isBroughtBack ? "again" : "new"}`);
      },
      openScope: () => ({}),
    };
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }, { extensions: [extension] }).started();
    test.install(a, { version: "1.1.0", start: () => Promise.reject(new Error("The valve is stuck")) });
    expect(await test.change("reload", a)).toMatchObject({ outcome: "reverted" });
    test.install(a, {});
    expect(await test.loader.change({ kind: "reload", plugin: a, isRevert: true })).toMatchObject({ outcome: "done" });
    expect(migrated).toEqual(["1.0.0 1 new", "1.1.0 2 new", "1.0.0 3 again", "1.0.0 4 again"]);
    await test.loader.stop();
    const next = new TestLoader(temporaryFolder(), { [a]: {}, [b]: {} }, { extensions: [extension] });
    await next.loader.resolve([b]);
    migrated.length = 0;
    await next.loader.load();
    expect(migrated.sort()).toEqual(["1.0.0 1 again", "1.0.0 1 new"]);
    await next.loader.stop();
  });
});

it("an extension learns of each generation that has been started, and not of one that fails", async () => {
  const started: string[] = [];
  const extension: PlatformExtension = {
    appliesTo: () => true,
    openScope: () => ({}),
    started: ({ name, manifest, generation }) => void started.push(`${name} ${manifest.plugin.version} ${generation}`),
  };
  const test = await new TestLoader(temporaryFolder(), { [a]: {} }, { extensions: [extension] }).started();
  expect(started).toEqual([`${a} 1.0.0 1`]);
  test.install(a, { version: "1.1.0", start: () => Promise.reject(new Error("The valve is stuck")) });
  expect(await test.change("reload", a)).toMatchObject({ outcome: "reverted" });
  expect(started).toEqual([`${a} 1.0.0 1`, `${a} 1.0.0 3`]);
  await test.loader.stop();
});
