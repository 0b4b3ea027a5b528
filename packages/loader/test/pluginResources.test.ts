import { afterEach, describe, expect, it, vi } from "vitest";
import { PeekError } from "@peek/errors";
import type { PluginCommonEntryHookABC } from "@peek/plugin-base";
import type { TestPlugin } from "./pluginFolders.ts";
import { deadlines, TestLoader } from "./TestLoader.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const bad = (): never => {
  throw new Error("no");
};
const forever = (): Promise<void> => new Promise(() => undefined);
const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

afterEach(() => void vi.useRealTimers());

/** A plugin that acquires something in each part, and notes its hooks and what is released. */
function acquiring(log: string[], change: TestPlugin = {}): TestPlugin {
  const step =
    (part: "construct" | "load" | "start" | "stop" | "unload") =>
    (hook: PluginCommonEntryHookABC): unknown => {
      log.push(part);
      if (part !== "stop" && part !== "unload") hook.disposables.defer(() => void log.push(`release of ${part}`));
      return change[part]?.(hook);
    };
  return {
    ...change,
    construct: step("construct"),
    load: step("load"),
    start: step("start"),
    stop: step("stop"),
    unload: step("unload"),
  };
}

describe("a resource of a plugin", () => {
  it("from start() is released after stop(), one from load() after unload(), the last one first", async () => {
    const log: string[] = [];
    const { loader } = await new TestLoader(temporaryFolder(), { peek_plugin_a: acquiring(log) }).started();
    await loader.stop();
    expect(log).toEqual([
      "construct",
      "load",
      "start",
      "stop",
      "release of start",
      "unload",
      "release of load",
      "release of construct",
    ]);
  });

  it("that is acquired after start() is released after stop(), before earlier ones", async () => {
    const log: string[] = [];
    const hooks: PluginCommonEntryHookABC[] = [];
    const { loader } = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: acquiring(log, { start: (hook) => void hooks.push(hook) }),
    }).started();
    hooks[0]?.disposables.defer(() => void log.push("release of later"));
    await loader.stop();
    expect(log.slice(3, 6)).toEqual(["stop", "release of later", "release of start"]);
  });

  it.each([
    ["the constructor", { construct: bad }, ["construct", "release of construct"]],
    ["load()", { load: bad }, ["construct", "load", "release of load", "release of construct"]],
    [
      "start()",
      { start: bad },
      ["construct", "load", "start", "release of start", "unload", "release of load", "release of construct"],
    ],
    [
      "stop()",
      { stop: bad },
      ["construct", "load", "start", "stop", "release of start", "unload", "release of load", "release of construct"],
    ],
    [
      "unload()",
      { unload: bad },
      ["construct", "load", "start", "stop", "release of start", "unload", "release of load", "release of construct"],
    ],
  ])("is released although %s throws", async (_what, change, order) => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: acquiring(log, change) }).started();
    await test.loader.stop();
    expect(test.states).toEqual({ peek_plugin_a: "failed" });
    expect(log).toEqual(order);
  });

  it("is released when it fails late, after stop() and unload()", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: acquiring(log) }).started();
    test.loader.reportError("peek_plugin_a", new Error("late"));
    await test.loader.stop();
    expect(log.slice(3)).toEqual(["stop", "release of start", "unload", "release of load", "release of construct"]);
  });

  it("is released when it is blocked by another after load()", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: acquiring(log, { dependencies: { peek_plugin_b: "1" } }),
      peek_plugin_b: { start: bad },
    }).started();
    expect(test.states["peek_plugin_a"]).toBe("blocked");
    await expect.poll(() => log).toHaveLength(5);
    expect(log).toEqual(["construct", "load", "unload", "release of load", "release of construct"]);
  });

  it("is named in a warning when it cannot be released, and the plugin has stopped all the same", async () => {
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        load: ({ disposables }) =>
          disposables.defer(function closeLine() {
            throw new Error("stuck");
          }),
      },
    }).started();
    expect(await test.loader.stop()).toEqual([]);
    expect(test.states).toEqual({ peek_plugin_a: "unloaded" });
    expect(test.logged("warning")).toEqual([
      expect.stringContaining("peek_plugin_a holds closeLine, which threw when it was released: stuck"),
    ]);
  });

  it("is abandoned when its release hangs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { start: ({ disposables }) => disposables.defer(forever) },
    }).started();
    const stopped = test.loader.stop();
    await vi.runAllTimersAsync();
    await stopped;
    expect(test.states).toEqual({ peek_plugin_a: "unloaded" });
    expect(test.logged("warning")).toEqual([
      expect.stringContaining("peek_plugin_a holds forever, which was not released within"),
    ]);
  });
});

describe("a resource that a plugin acquires too late", () => {
  /** Adds something, and tells what came of it. */
  function acquire(hook: PluginCommonEntryHookABC | undefined): readonly [unknown, boolean] {
    let released = false;
    try {
      hook?.disposables.defer(() => {
        released = true;
      });
      return [undefined, released];
    } catch (error) {
      return [PeekError.is(error) ? error.code : error, released];
    }
  }

  it.each(["load", "start"] as const)(
    "in a %s() that was given up on is released at once, and the plugin gets an error",
    async (part) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
      const entered = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const outcome: unknown[] = [];
      const test = await new TestLoader(temporaryFolder(), {
        peek_plugin_a: {
          [part]: async (hook: PluginCommonEntryHookABC) => {
            entered.resolve();
            await goOn.promise;
            outcome.push(...acquire(hook));
          },
        },
      }).resolved();
      const run = test.loader.load().then(() => test.loader.start());
      await entered.promise;
      await vi.advanceTimersByTimeAsync(deadlines.loadMs);
      await run;
      expect(test.states).toEqual({ peek_plugin_a: "failed" });
      goOn.resolve();
      await rest();
      expect(outcome).toEqual(["PLUGIN_RELEASED", true]);
    },
  );

  it.each([
    ["after it was unloaded", {}],
    ["after it failed in stop()", { stop: bad }],
    ["after it failed in start()", { start: bad }],
    ["after it failed in load()", { load: bad }],
  ])("%s is released at once, and the plugin gets an error", async (_when, change) => {
    const hooks: PluginCommonEntryHookABC[] = [];
    const { loader } = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { ...change, construct: (hook) => void hooks.push(hook) },
    }).started();
    await loader.stop();
    expect(acquire(hooks[0])).toEqual(["PLUGIN_RELEASED", true]);
  });

  it("that is acquired in unload() is released after it", async () => {
    const log: string[] = [];
    const { loader } = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        unload: (hook) => {
          hook.disposables.defer(() => void log.push("released"));
          log.push("unload");
        },
      },
    }).started();
    await loader.stop();
    expect(log).toEqual(["unload", "released"]);
  });

  it("that is added to a stack from load() is released at once too", async () => {
    const kept: PluginCommonEntryHookABC["disposables"][] = [];
    const { loader } = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { load: ({ disposables }) => void kept.push(disposables) },
    }).started();
    expect(kept[0]?.disposed).toBe(false);
    await loader.stop();
    expect(kept[0]?.disposed).toBe(true);
  });
});
