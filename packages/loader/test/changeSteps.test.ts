import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PeekError } from "@peek/errors";
import type { ChangeStep, PlatformExtension } from "@peek/loader";
import { describe, expect, it } from "vitest";
import { contentHash, isUnchangedSince } from "../src/modules/contentHash.ts";
import type { TestPlugin } from "./pluginFolders.ts";
import { deadlines, TestLoader } from "./TestLoader.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const a = "peek_plugin_a";
const b = "peek_plugin_b";
const needsA: TestPlugin = { dependencies: { [a]: "*" } };
const forever = (): Promise<never> => new Promise(() => undefined);

/** An extension that writes down when it holds work back, and when it goes on. */
function holding(log: string[], underWay: (signal: AbortSignal) => Promise<void>): PlatformExtension {
  return {
    appliesTo: () => true,
    openScope: ({ name, generation }, disposables) => {
      log.push(`open ${name} ${generation}`);
      disposables().defer(() => void log.push(`close ${name} ${generation}`));
      return {};
    },
    suspend: async ({ name, generation }, signal) => {
      log.push(`suspend ${name} ${generation}`);
      await underWay(signal);
      return { [Symbol.dispose]: () => void log.push(`resume ${name}`) };
    },
  };
}

describe("the work of plugins", () => {
  it("is held back from before the old generations stop until after the new ones have started", async () => {
    const log: string[] = [];
    const steps: ChangeStep[] = [];
    const extensions = [holding(log, () => Promise.resolve())];
    const start = ({ name }: { readonly name: string }): void => void log.push(`start ${name}`);
    const plugins = { [a]: { start }, [b]: { ...needsA, start } };
    const test = await new TestLoader(temporaryFolder(), plugins, { extensions }).started();
    log.length = 0;
    await test.loader.change({ kind: "reload", plugin: a }, (step) => steps.push(step));
    expect(log).toEqual([
      ...[`suspend ${b} 1`, `suspend ${a} 1`, `close ${b} 1`, `close ${a} 1`],
      ...[`open ${a} 2`, `open ${b} 2`, `start ${a}`, `start ${b}`, `resume ${a}`, `resume ${b}`],
    ]);
    expect(steps).toEqual(["plan", "prepare", "suspend", "stop", "load", "start", "resume"]);
    await test.loader.stop();
    expect(log.filter((line) => line.startsWith("suspend"))).toHaveLength(2);
  });

  it.each(["refused", "disabled"])("goes on when the change is %s", async (what) => {
    const log: string[] = [];
    const extensions = [holding(log, () => Promise.resolve())];
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }, { extensions }).started();
    log.length = 0;
    if (what === "refused") test.install(a, { manifest: "{" });
    await test.change(what === "refused" ? "reload" : "disable", a);
    expect(log).toEqual(what === "refused" ? [] : [`suspend ${a} 1`, `close ${a} 1`, `resume ${a}`]);
    await test.loader.stop();
  });

  it("is not waited for after the deadline", async () => {
    const log: string[] = [];
    const underWay = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    const options = { extensions: [holding(log, underWay)], deadlines: { ...deadlines, suspendMs: 10 } };
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }, options).started();
    expect(await test.change("reload", a)).toMatchObject({ outcome: "done" });
    expect(log.at(-1)).toBe(`resume ${a}`);
    await test.loader.stop();
  });

  it("does not prevent a change when an extension fails to hold it back", async () => {
    const extensions = [holding([], () => Promise.reject(new Error("no queue")))];
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }, { extensions }).started();
    expect(await test.change("reload", a)).toMatchObject({ outcome: "done" });
    expect(test.logged("warning")).toEqual([expect.stringContaining(`${a}: failed to hold back its work: no queue`)]);
    await test.loader.stop();
  });

  it("is held back again while a late error brings the old version back", async () => {
    const log: string[] = [];
    const extensions = [holding(log, () => Promise.resolve())];
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }, { extensions, probeMs: 60_000 }).started();
    test.install(a, { version: "1.1.0" });
    const result = await test.loader.change({ kind: "reload", plugin: a }, (step) => {
      if (step !== "probe") return;
      log.length = 0;
      test.loader.reportError(a, new Error("late"), 2);
    });
    expect(result.outcome).toBe("reverted");
    expect(log).toEqual([`suspend ${a} 2`, `close ${a} 2`, `open ${a} 3`, `resume ${a}`]);
    await test.loader.stop();
  });
});

describe("the confirmation of a change", () => {
  it("is asked for when the code is imported, and before anything is stopped; later changes wait for it", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      [a]: { stop: () => void log.push("stop") },
      [b]: needsA,
    }).started();
    const asked = Promise.withResolvers<object>();
    const answer = Promise.withResolvers<void>();
    const onStep = (step: string): void => void log.push(step);
    const change = test.loader.change({ kind: "reload", plugin: a }, onStep, async (planned) => {
      asked.resolve(planned);
      await answer.promise;
    });
    const later = test.change("reload", b);
    expect(await asked.promise).toEqual({
      version: "1.0.0",
      services: ["logic"],
      stop: [b, a],
      start: [a, b],
      end: [],
      migrations: [],
    });
    expect(log).toEqual(["plan", "prepare"]);
    expect(test.loader.runningChange).toMatchObject({ kind: "reload", plugin: a, step: "prepare" });
    answer.resolve();
    expect(await change).toMatchObject({ outcome: "done" });
    expect(log).toEqual(["plan", "prepare", "suspend", "stop", "stop", "load", "start", "resume"]);
    expect(await later).toMatchObject({ outcome: "done", plugin: b });
    expect(test.loader.runningChange).toBeUndefined();
    await test.loader.stop();
  });

  it("refuses the change when it rejects", async () => {
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }).started();
    const refuse = (): Promise<void> => Promise.reject(new PeekError("CHANGE_CANCELLED", "Withdrawn."));
    const result = await test.loader.change({ kind: "reload", plugin: a }, undefined, refuse);
    expect(result).toMatchObject({ outcome: "refused", error: { code: "CHANGE_CANCELLED", message: "Withdrawn." } });
    expect(test.status(a)).toMatchObject({ state: "started", generation: 1 });
    await test.loader.stop();
  });

  it("is not waited for when the service stops", async () => {
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }).started();
    const asked = Promise.withResolvers<void>();
    const change = test.loader.change({ kind: "reload", plugin: a }, undefined, () => {
      asked.resolve();
      return forever();
    });
    await asked.promise;
    await test.loader.stop();
    expect(await change).toMatchObject({ outcome: "refused", error: { code: "CHANGE_CANCELLED" } });
  });
});

describe("changes of one service", () => {
  it("wait until the plugins have been started, and run one after the other in the order of their arrival", async () => {
    const log: string[] = [];
    const note = ({ name }: { readonly name: string }): void => void log.push(name);
    const test = await new TestLoader(temporaryFolder(), { [a]: { start: note }, [b]: { start: note } }).loaded();
    const changes = [test.change("reload", b), test.change("reload", a)];
    expect(log).toEqual([]);
    await test.loader.start();
    await Promise.all(changes);
    expect(log).toEqual([a, b, b, a]);
    expect(test.loader.changes().map(({ plugin, outcome }) => [plugin, outcome])).toEqual([
      [b, "done"],
      [a, "done"],
    ]);
    await test.loader.stop();
  });

  it("are refused when sixteen wait", async () => {
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }).loaded();
    const waiting = Array.from({ length: 16 }, () => test.change("reload", a));
    const refused = await test.change("reload", a);
    expect(refused).toMatchObject({ outcome: "refused", error: { code: "CHANGE_QUEUE_FULL" } });
    await test.loader.start();
    expect((await Promise.all(waiting)).every(({ outcome }) => outcome === "done")).toBe(true);
    expect(test.status(a).generation).toBe(17);
    await test.loader.stop();
  });

  it("end when the service stops: the running one, and those that wait", async () => {
    const entered = Promise.withResolvers<void>();
    const start = (): Promise<never> => {
      entered.resolve();
      return forever();
    };
    const options = { deadlines: { ...deadlines, stopMs: 20 } };
    const test = await new TestLoader(temporaryFolder(), { [a]: {}, [b]: needsA }, options).started();
    test.install(a, { version: "1.1.0", start });
    const running = test.change("reload", a);
    const waiting = test.change("reload", b);
    await entered.promise;
    await test.loader.endChanges();
    await test.loader.stop();
    expect(await running).toMatchObject({ outcome: "failed", error: { code: "CHANGE_CANCELLED" } });
    expect(await waiting).toMatchObject({ outcome: "refused", error: { code: "CHANGE_CANCELLED" } });
    expect((await test.change("reload", b)).error?.code).toBe("CHANGE_CANCELLED");
    expect(test.status(b).state).not.toBe("started");
  });

  it("are done when the service stops while only the new generation is watched", async () => {
    const test = await new TestLoader(temporaryFolder(), { [a]: {} }, { probeMs: 60_000 }).started();
    const probing = Promise.withResolvers<void>();
    const change = test.loader.change({ kind: "reload", plugin: a }, (step) => step === "probe" && probing.resolve());
    await probing.promise;
    await test.loader.stop();
    expect(await change).toMatchObject({ outcome: "done", to: { generation: 2 } });
    expect(test.states).toEqual({ [a]: "unloaded" });
  });

  it("keep the last hundred results", async () => {
    const test = await new TestLoader(temporaryFolder(), {}).started();
    for (let count = 0; count < 101; count += 1) await test.change("reload", `peek_plugin_p${count}`);
    const results = test.loader.changes();
    expect([results.length, results[0]?.plugin, results.at(-1)?.plugin]).toEqual([
      100,
      "peek_plugin_p1",
      "peek_plugin_p100",
    ]);
  });
});

describe("the files of a package", () => {
  it("are hashed by path and content, without dependencies and dates", async () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "lib"));
    mkdirSync(join(dir, "node_modules"));
    writeFileSync(join(dir, "lib/a.js"), "1");
    const first = await contentHash(dir);
    writeFileSync(join(dir, "node_modules/x.js"), "1");
    writeFileSync(join(dir, "lib/a.js"), "1");
    expect(await contentHash(dir)).toBe(first);
    writeFileSync(join(dir, "lib/a.js"), "2");
    expect(await contentHash(dir)).not.toBe(first);
    rmSync(join(dir, "lib/a.js"));
    writeFileSync(join(dir, "lib/b.js"), "1");
    const second = await contentHash(dir);
    expect(second).not.toBe(first);
    const large = Buffer.alloc(3_000_000);
    writeFileSync(join(dir, "lib/large.bin"), large);
    const third = await contentHash(dir);
    expect(third).not.toBe(second);
    large[2_999_999] = 1;
    writeFileSync(join(dir, "lib/large.bin"), large);
    expect(await contentHash(dir)).not.toBe(third);
  });

  it("are known to be unchanged since a time that is well after their last change", async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "a.js"), "1");
    expect(await isUnchangedSince(dir, Date.now() + 60_000)).toBe(true);
    expect(await isUnchangedSince(dir, Date.now())).toBe(false);
  });
});
