import { describe, expect, it } from "vitest";
import { PeekError } from "@peek/errors";
import type { PluginCommonEntryHookABC } from "@peek/plugin-base";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import type { TestPlugin } from "./pluginFolders.ts";
import { TestLoader } from "./TestLoader.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

function asked(hook: PluginCommonEntryHookABC, name: string, optional = false): unknown {
  const platform = hook.platform as PeekLogicPlatformHook;
  try {
    return optional ? platform.getOtherPluginApi(name, { optional: true }) : platform.getOtherPluginApi(name);
  } catch (error) {
    return PeekError.is(error) ? error.code : error;
  }
}

const bad = (): never => {
  throw new Error("no");
};
const optional = { version: "1", optional: true };

describe("a plugin that depends on a failing one", () => {
  function chain(log: string[], broken: TestPlugin): Readonly<Record<string, TestPlugin>> {
    const noting: TestPlugin = Object.fromEntries(
      (["load", "start", "stop", "unload"] as const).map((hook) => [
        hook,
        (it: { readonly name: string }) => void log.push(`${hook} ${it.name}`),
      ]),
    );
    return {
      peek_plugin_top: { ...noting, dependencies: { peek_plugin_middle: "1" } },
      peek_plugin_middle: { ...noting, dependencies: { peek_plugin_broken: "1" } },
      peek_plugin_broken: broken,
      peek_plugin_other: {},
    };
  }

  const outcome = {
    peek_plugin_top: "blocked",
    peek_plugin_middle: "blocked",
    peek_plugin_broken: "failed",
    peek_plugin_other: "started",
  };

  it.each([
    ["cannot be resolved", { manifest: null }],
    ["cannot be imported", { code: "throw new Error('no')" }],
    ["fails in load()", { load: bad }],
  ])("is blocked, and none of its code runs, when the dependency %s", async (_what, broken) => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), chain(log, broken)).started();
    expect(test.states).toEqual(outcome);
    expect(log).toEqual([]);
    expect(test.status("peek_plugin_middle")).toMatchObject({
      blockedBy: "peek_plugin_broken",
      error: { code: "DEPENDENCY_FAILED" },
    });
    expect(test.status("peek_plugin_top")).toMatchObject({ blockedBy: "peek_plugin_middle" });
    expect(test.status("peek_plugin_middle").error?.message).toContain("peek_plugin_broken, which is failed (");
  });

  it("is blocked and unloaded, and not started, when the dependency fails in start()", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), chain(log, { start: bad })).started();
    expect(test.states).toEqual(outcome);
    await expect.poll(() => log).toHaveLength(4);
    expect(log).toEqual([
      "load peek_plugin_middle",
      "load peek_plugin_top",
      "unload peek_plugin_top",
      "unload peek_plugin_middle",
    ]);
  });

  it("is blocked when the dependency is skipped because it has no hook function", async () => {
    const test = await new TestLoader(temporaryFolder(), chain([], { code: "export {};" })).started();
    expect(test.states).toEqual({ ...outcome, peek_plugin_broken: "skipped" });
  });

  it("is stopped and unloaded when the dependency fails in stop()", async () => {
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), chain(log, { stop: bad })).started();
    await test.loader.stop();
    expect(test.states).toEqual({
      peek_plugin_top: "unloaded",
      peek_plugin_middle: "unloaded",
      peek_plugin_broken: "failed",
      peek_plugin_other: "unloaded",
    });
    expect(log).toHaveLength(8);
  });
});

describe("an optional dependency", () => {
  it("on a cycle is ignored, with a warning", async () => {
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { dependencies: { peek_plugin_b: { version: "1", optional: true } } },
      peek_plugin_b: { dependencies: { peek_plugin_a: "1" } },
    }).started();
    expect(test.states).toEqual({ peek_plugin_a: "started", peek_plugin_b: "started" });
    expect(test.logged("warning")).toEqual([
      expect.stringContaining("peek_plugin_a runs without its optional dependency peek_plugin_b"),
    ]);
  });

  it.each([
    ["is not enabled", undefined],
    ["does not run here", { requiresServices: ["field"] }],
    ["is of another version", { version: "2.0.0" }],
    ["cannot be resolved", { manifest: "" }],
    ["fails in load()", { load: bad }],
    ["is skipped for want of a hook function", { code: "export {};" }],
  ])("that %s is ignored", async (_what, other) => {
    const seen: unknown[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        dependencies: { peek_plugin_b: optional },
        load: (hook) => void seen.push(asked(hook, "peek_plugin_b", true)),
      },
      ...(other && { peek_plugin_b: other }),
    }).started();
    expect(test.states["peek_plugin_a"]).toBe("started");
    expect(seen).toEqual([undefined]);
  });

  it("that runs is loaded and started first, and its API is available", async () => {
    const log: unknown[] = [];
    const api = { count: 1 };
    await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        dependencies: { peek_plugin_b: optional },
        load: (hook) => void log.push("load a", asked(hook, "peek_plugin_b", true)),
        start: () => void log.push("start a"),
      },
      peek_plugin_b: { load: () => void log.push("load b"), start: () => void log.push("start b"), api: () => api },
    }).started();
    expect(log).toEqual(["load b", "load a", api, "start b", "start a"]);
  });

  it("that fails in start() leaves its dependant running", async () => {
    const seen: unknown[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        dependencies: { peek_plugin_b: optional },
        start: (hook) => void seen.push(asked(hook, "peek_plugin_b", true)),
      },
      peek_plugin_b: { api: () => ({}), start: bad },
    }).started();
    expect(test.states).toEqual({ peek_plugin_a: "started", peek_plugin_b: "failed" });
    expect(seen).toEqual([undefined]);
  });

  it("of another version is ignored with a warning", async () => {
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { dependencies: { peek_plugin_b: optional } },
      peek_plugin_b: { version: "2.0.0" },
    }).resolved();
    expect(test.logged("warning")).toEqual([expect.stringContaining("version 2.0.0 is installed")]);
  });

  it("that is limited to other services is ignored here", async () => {
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { dependencies: { peek_plugin_gone: { version: "1", services: ["field"] } } },
    }).started();
    expect(test.states).toEqual({ peek_plugin_a: "started" });
  });
});

describe("getOtherPluginApi()", () => {
  it("returns the published object itself, in load() and at any time until the end", async () => {
    const api = { count: 1 };
    const seen: unknown[] = [];
    const ask = (hook: PluginCommonEntryHookABC): void => void seen.push(asked(hook, "peek_plugin_b"));
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        dependencies: { peek_plugin_b: "^1.0.0" },
        construct: ask,
        load: ask,
        start: ask,
        stop: ask,
        unload: ask,
      },
      peek_plugin_b: { api: () => api },
    }).started();
    await test.loader.stop();
    expect(seen).toHaveLength(5);
    for (const each of seen) expect(each).toBe(api);
  });

  it.each([
    ["no dependency is declared", {}, false, "API_NOT_DECLARED"],
    ["no dependency is declared, and it could do without", {}, true, "API_NOT_DECLARED"],
    ["the dependency is optional and the call is not", { peek_plugin_b: optional }, false, "API_NOT_DECLARED"],
    ["the dependency is needed and the call is optional", { peek_plugin_b: "1" }, true, "API_NOT_DECLARED"],
    [
      "the dependency is declared for other services",
      { peek_plugin_b: { version: "1", services: ["field"] } },
      false,
      "API_NOT_DECLARED",
    ],
    ["the other publishes nothing", { peek_plugin_b: "1" }, false, "API_NOT_PUBLISHED"],
    ["the other publishes nothing, and it could do without", { peek_plugin_b: optional }, true, "API_NOT_PUBLISHED"],
  ])("is refused when %s", async (_what, dependencies, isOptional, code) => {
    const seen: unknown[] = [];
    await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { dependencies, load: (hook) => void seen.push(asked(hook, "peek_plugin_b", isOptional)) },
      peek_plugin_b: {},
    }).started();
    expect(seen).toEqual([code]);
  });

  it("is refused for null too", async () => {
    const seen: unknown[] = [];
    await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        dependencies: { peek_plugin_b: "1" },
        load: (hook) => void seen.push(asked(hook, "peek_plugin_b")),
      },
      peek_plugin_b: { api: () => null },
    }).started();
    expect(seen).toEqual(["API_NOT_PUBLISHED"]);
  });

  it("makes a plugin that does not catch the refusal fail with its code and message", async () => {
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        load: (hook) => void (hook.platform as PeekLogicPlatformHook).getOtherPluginApi("peek_plugin_b"),
      },
      peek_plugin_b: {},
    }).started();
    expect(test.status("peek_plugin_a")).toMatchObject({
      state: "failed",
      error: { code: "API_NOT_DECLARED", hook: "load" },
    });
    expect(test.status("peek_plugin_a").error?.message).toContain('"dependencies": { "peek_plugin_b": "^1.0.0" }');
  });

  it("is refused once the calling plugin has been unloaded", async () => {
    const hooks: PluginCommonEntryHookABC[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { dependencies: { peek_plugin_b: "1" }, load: (hook) => void hooks.push(hook) },
      peek_plugin_b: { api: () => ({}) },
    }).started();
    await test.loader.stop();
    expect(hooks.map((hook) => asked(hook, "peek_plugin_b"))).toEqual(["PLUGIN_RELEASED"]);
  });
});
