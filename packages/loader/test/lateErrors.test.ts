import { describe, expect, it } from "vitest";
import { PeekError } from "@peek/errors";
import type { TestPlugin } from "./pluginFolders.ts";
import { deadlines, TestLoader } from "./TestLoader.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const late = new Error("timer went wrong");

function noting(log: string[], plugin: TestPlugin = {}): TestPlugin {
  return {
    stop: ({ name }) => void log.push(`stop ${name}`),
    unload: ({ name }) => void log.push(`unload ${name}`),
    ...plugin,
  };
}

describe("reportError()", () => {
  it("makes a started plugin fail, after its dependants; other plugins continue", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: noting(log),
      peek_plugin_b: noting(log, { dependencies: { peek_plugin_a: "1" } }),
      peek_plugin_c: noting(log, { dependencies: { peek_plugin_b: "1" } }),
      peek_plugin_d: noting(log, { dependencies: { peek_plugin_a: { version: "1", optional: true } } }),
      peek_plugin_e: noting(log),
    }).started();
    expect(test.loader.reportError("peek_plugin_a", late)).toBe(true);
    await expect.poll(() => log).toHaveLength(6);
    expect(log).toEqual([
      "stop peek_plugin_c",
      "unload peek_plugin_c",
      "stop peek_plugin_b",
      "unload peek_plugin_b",
      "stop peek_plugin_a",
      "unload peek_plugin_a",
    ]);
    await test.loader.stop();
    expect(test.states).toEqual({
      peek_plugin_a: "failed",
      peek_plugin_b: "blocked",
      peek_plugin_c: "blocked",
      peek_plugin_d: "unloaded",
      peek_plugin_e: "unloaded",
    });
    expect(test.status("peek_plugin_a").error).toMatchObject({
      code: "PLUGIN_LATE_ERROR",
      message: "it threw outside its hooks: timer went wrong",
    });
    expect(test.status("peek_plugin_a").error?.hook).toBeUndefined();
    expect(test.status("peek_plugin_c").blockedBy).toBe("peek_plugin_b");
  });

  it("makes a loaded plugin fail, which is unloaded", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: noting(log) }).loaded();
    test.loader.reportError("peek_plugin_a", late);
    await test.loader.stop();
    expect(test.states).toEqual({ peek_plugin_a: "failed" });
    expect(log).toEqual(["unload peek_plugin_a"]);
  });

  it("makes a plugin fail once when it reports several errors", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: noting(log) }).started();
    for (let count = 0; count < 3; count += 1) test.loader.reportError("peek_plugin_a", late);
    await test.loader.stop();
    test.loader.reportError("peek_plugin_a", late);
    expect(log).toEqual(["stop peek_plugin_a", "unload peek_plugin_a"]);
    expect(test.states).toEqual({ peek_plugin_a: "failed" });
  });

  it("tears dependants down once when further errors are reported meanwhile", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: noting(log),
      peek_plugin_b: noting(log, { dependencies: { peek_plugin_a: "1" } }),
    }).started();
    for (let count = 0; count < 3; count += 1) test.loader.reportError("peek_plugin_a", late);
    await expect.poll(() => log).toHaveLength(4);
    await test.loader.stop();
    expect(log).toEqual(["stop peek_plugin_b", "unload peek_plugin_b", "stop peek_plugin_a", "unload peek_plugin_a"]);
    expect(test.states).toEqual({ peek_plugin_a: "failed", peek_plugin_b: "blocked" });
  });

  it.each(["load", "start"] as const)(
    "makes a plugin fail in %s(), and the others do not wait for it",
    async (hook) => {
      const test = await new TestLoader(
        temporaryFolder(),
        {
          peek_plugin_a: {
            [hook]: () => {
              test.loader.reportError("peek_plugin_a", late);
              return new Promise(() => undefined);
            },
          },
          peek_plugin_b: {},
        },
        { deadlines: { ...deadlines, stopMs: 20 } },
      ).resolved();
      await test.loader.load();
      await test.loader.start();
      expect(test.states).toEqual({ peek_plugin_a: "failed", peek_plugin_b: "started" });
      expect(test.status("peek_plugin_a").error).toMatchObject({ code: "PLUGIN_LATE_ERROR", hook });
      await test.loader.stop();
    },
  );

  it("waits for a running start(), and then calls stop()", async () => {
    const log: string[] = [];
    const running = Promise.withResolvers<void>();
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: noting(log, { start: () => running.promise }),
    }).loaded();
    const started = test.loader.start();
    test.loader.reportError("peek_plugin_a", late);
    await started;
    expect(log).toEqual([]);
    running.resolve();
    await expect.poll(() => log).toEqual(["stop peek_plugin_a", "unload peek_plugin_a"]);
  });

  it.each(["stop", "unload"] as const)(
    "does not interrupt %s(), and reports that the plugin failed to stop",
    async (hook) => {
      const log: string[] = [];
      const test = await new TestLoader(temporaryFolder(), {
        peek_plugin_a: {
          [hook]: async () => {
            test.loader.reportError("peek_plugin_a", late);
            await Promise.resolve();
            log.push("to its end");
          },
        },
      }).started();
      expect(await test.loader.stop()).toMatchObject([{ name: "peek_plugin_a", state: "unloaded" }]);
      expect(log).toEqual(["to its end"]);
      expect(test.logged("error")).toEqual([expect.stringContaining("timer went wrong")]);
    },
  );

  it("keeps the code of a PeekError", async () => {
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: {} }).started();
    test.loader.reportError("peek_plugin_a", new PeekError("PLUGIN_CALLED_EXIT", "it called process.exit(1)"));
    await test.loader.stop();
    expect(test.status("peek_plugin_a").error?.code).toBe("PLUGIN_CALLED_EXIT");
  });

  it.each([
    ["null", null],
    ["text", "no"],
    ["nothing", undefined],
  ])("accepts %s as an error", async (_what, thrown) => {
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: {} }).started();
    expect(test.loader.reportError("peek_plugin_a", thrown)).toBe(true);
    await test.loader.stop();
    expect(test.states).toEqual({ peek_plugin_a: "failed" });
  });

  it("only logs the errors of a plugin that has ended", async () => {
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: {} }).started();
    await test.loader.stop();
    expect(test.loader.reportError("peek_plugin_a", late)).toBe(true);
    expect(test.states).toEqual({ peek_plugin_a: "unloaded" });
    expect(test.logged("error")).toEqual([
      expect.stringContaining("peek_plugin_a, which is unloaded: it threw outside its hooks: timer went wrong"),
    ]);
  });

  it("logs a plugin that throws repeatedly after its end once, not each time", async () => {
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: {} }).started();
    await test.loader.stop();
    for (let count = 0; count < 1000; count += 1) test.loader.reportError("peek_plugin_a", late);
    expect(test.logged("error")).toHaveLength(1);
  });

  it("tears down two plugins that fail at once, and the plugins that depend on both", async () => {
    const log: string[] = [];
    const both = { peek_plugin_a1: "1", peek_plugin_a2: "1" };
    const slowly = { stop: () => new Promise<void>((resolve) => setTimeout(resolve, 20)) };
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a1: noting(log),
      peek_plugin_a2: noting(log),
      peek_plugin_b: { ...slowly, dependencies: both, unload: ({ name }) => void log.push(`unload ${name}`) },
      peek_plugin_c: { ...slowly, dependencies: both, unload: ({ name }) => void log.push(`unload ${name}`) },
    }).started();
    test.loader.reportError("peek_plugin_a1", late);
    test.loader.reportError("peek_plugin_a2", late);
    const states = {
      peek_plugin_a1: "failed",
      peek_plugin_a2: "failed",
      peek_plugin_b: "blocked",
      peek_plugin_c: "blocked",
    };
    expect(test.states).toEqual(states);
    await expect.poll(() => log).toHaveLength(6);
    expect(log.slice(0, 2).toSorted()).toEqual(["unload peek_plugin_b", "unload peek_plugin_c"]);
    expect(await test.loader.stop()).toEqual([]);
    expect(test.states).toEqual(states);
  });

  it("never starts a plugin that has failed between load() and start()", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: noting(log, { start: () => void log.push("started") }),
      peek_plugin_b: noting(log, {
        dependencies: { peek_plugin_a: "1" },
        unload: () => new Promise<void>((resolve) => setTimeout(resolve, 20)),
      }),
    }).loaded();
    test.loader.reportError("peek_plugin_a", late);
    await test.loader.start();
    expect(test.states).toEqual({ peek_plugin_a: "failed", peek_plugin_b: "blocked" });
    await expect.poll(() => log).toEqual(["unload peek_plugin_a"]);
  });

  it("waits for the start() of a dependant, and ends the dependant before the failing plugin", async () => {
    const log: string[] = [];
    const running = Promise.withResolvers<void>();
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: noting(log),
      peek_plugin_b: noting(log, { dependencies: { peek_plugin_a: "1" }, start: () => running.promise }),
    }).loaded();
    const started = test.loader.start();
    await expect.poll(() => test.states["peek_plugin_b"]).toBe("starting");
    test.loader.reportError("peek_plugin_a", late);
    expect(test.states).toEqual({ peek_plugin_a: "failed", peek_plugin_b: "blocked" });
    running.resolve();
    await started;
    await expect.poll(() => log).toHaveLength(4);
    expect(log).toEqual(["stop peek_plugin_b", "unload peek_plugin_b", "stop peek_plugin_a", "unload peek_plugin_a"]);
  });

  it("returns false for a plugin that is not enabled", async () => {
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: {} }).started();
    expect(test.loader.reportError("peek_plugin_b", late)).toBe(false);
    expect(test.states).toEqual({ peek_plugin_a: "started" });
  });

  it("makes a dependant fail whose start() was running, since its dependency is gone", async () => {
    const entered = Promise.withResolvers<void>();
    const start = Promise.withResolvers<void>();
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: noting(log),
      peek_plugin_b: noting(log, {
        dependencies: { peek_plugin_a: "1" },
        start: () => {
          entered.resolve();
          return start.promise;
        },
      }),
    }).loaded();
    const started = test.loader.start();
    await entered.promise;
    test.loader.reportError("peek_plugin_a", late);
    start.resolve();
    await started;
    await test.loader.stop();
    expect(test.states).toEqual({ peek_plugin_a: "failed", peek_plugin_b: "blocked" });
    expect(log.toSorted()).toEqual([
      "stop peek_plugin_a",
      "stop peek_plugin_b",
      "unload peek_plugin_a",
      "unload peek_plugin_b",
    ]);
  });
});
