import { afterEach, describe, expect, it, vi } from "vitest";
import type { HookName } from "@peek/loader";
import type { Part, TestPlugin } from "./pluginFolders.ts";
import { deadlines, TestLoader } from "./TestLoader.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const forever = (): Promise<void> => new Promise(() => undefined);
const hooks = ["load", "start", "stop", "unload"] as const;

afterEach(() => void vi.useRealTimers());

/** A plugin that notes which of its hooks are called, and does something bad in one part. */
function noting(log: string[], part: Part, bad: () => unknown): TestPlugin {
  const noted = hooks.map(
    (hook) =>
      [
        hook,
        (): unknown => {
          log.push(hook);
          return hook === part ? bad() : undefined;
        },
      ] as const,
  );
  return { ...Object.fromEntries(noted), ...(part === "entry" || part === "construct" ? { [part]: bad } : {}) };
}

/** The hooks that are called of a plugin that fails in a part. */
const called = {
  entry: [],
  construct: [],
  load: ["load"],
  start: ["load", "start", "unload"],
  stop: ["load", "start", "stop", "unload"],
  unload: ["load", "start", "stop", "unload"],
  api: [],
} as const satisfies Record<Part, readonly string[]>;

const stepOf = (part: Part): HookName => (part === "entry" || part === "construct" || part === "api" ? "import" : part);

async function runThrough(plugin: TestPlugin, onGoodLoaded?: () => void): Promise<TestLoader> {
  const log: string[] = [];
  const note = (hook: string) => (): void => {
    log.push(hook);
    if (hook === "load") onGoodLoaded?.();
  };
  const good: TestPlugin = Object.fromEntries(hooks.map((hook) => [hook, note(hook)]));
  const test = await new TestLoader(temporaryFolder(), { peek_plugin_bad: plugin, peek_plugin_good: good }).started();
  await test.loader.stop();
  expect(test.states["peek_plugin_good"]).toBe("unloaded");
  expect(log).toEqual(hooks);
  return test;
}

const parts = ["entry", "construct", "load", "start", "stop", "unload"] as const;

describe.each(parts)("a plugin that misbehaves in %s", (part) => {
  const throwing: readonly (readonly [string, () => unknown, string])[] = [
    [
      "throws",
      () => {
        throw new Error("pump is stuck");
      },
      "pump is stuck",
    ],
    [
      "throws null",
      () => {
        throw null;
      },
      "null was thrown",
    ],
    [
      "throws text of several lines",
      () => {
        throw new Error("one\ntwo");
      },
      "one",
    ],
    [
      "throws an error whose message is no text",
      () => {
        throw Object.defineProperty(new Error("x"), "message", { value: 7 });
      },
      "which is not an Error",
    ],
    [
      "throws what says that it is not to be looked at",
      () => {
        throw new Proxy(
          {},
          {
            get: () => {
              throw new Error("hands off");
            },
          },
        );
      },
      "",
    ],
    [
      "rejects",
      part === "construct"
        ? () => {
            throw new TypeError("no pump");
          }
        : async () => {
            throw new TypeError("no pump");
          },
      "no pump",
    ],
  ];

  it.each(throwing)("because it %s fails alone in that step", async (_what, bad, message) => {
    const log: string[] = [];
    const test = await runThrough(noting(log, part, bad));
    const { state, error } = test.status("peek_plugin_bad");
    expect(state).toBe("failed");
    expect(error).toMatchObject({ code: "HOOK_THREW", hook: stepOf(part) });
    expect(error?.message).toContain(message);
    expect(error?.message).not.toContain("\n");
    expect(log).toEqual(called[part]);
    expect(test.logged("error")).toEqual([expect.stringContaining("peek_plugin_bad failed in ")]);
  });
});

describe.each(parts.filter((part) => part !== "construct"))("a plugin that misbehaves in %s", (part) => {
  it("because it hangs is warned about, then abandoned, and fails alone", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const log: string[] = [];
    const entered = Promise.withResolvers<void>();
    const goodLoaded = Promise.withResolvers<void>();
    const hanging = noting(log, part, () => {
      entered.resolve();
      return forever();
    });
    const through = runThrough(hanging, goodLoaded.resolve);
    await Promise.all([entered.promise, goodLoaded.promise]);
    await vi.advanceTimersByTimeAsync(60_000);
    const test = await through;
    const { state, error } = test.status("peek_plugin_bad");
    expect(state).toBe("failed");
    expect(error).toMatchObject({ code: "HOOK_TIMED_OUT", hook: stepOf(part) });
    expect(error?.message).toContain("plugin.deadlines");
    expect(log).toEqual(called[part]);
    expect(test.logged("warning")).toEqual([expect.stringMatching(/peek_plugin_bad: .* has not settled after 5 s/)]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a package", () => {
  it.each([
    ["throws when it is imported", { code: 'throw new Error("no config")' }, "IMPORT_FAILED", "no config"],
    [
      "rejects when it is imported",
      { code: 'await Promise.reject(new Error("no config"))' },
      "IMPORT_FAILED",
      "no config",
    ],
    ["is no JavaScript", { code: "export const = ;" }, "IMPORT_FAILED", ""],
    [
      "imports what is not there",
      { code: 'import "not-installed-anywhere";' },
      "IMPORT_FAILED",
      "not-installed-anywhere",
    ],
    [
      "names an entry that is not there",
      { packageJson: { exports: "./dist/index.js" } },
      "ENTRY_UNRESOLVED",
      "./dist/index.js",
    ],
    ["returns nothing for a class", { entry: () => undefined }, "ENTRY_HOOK_NOT_A_CLASS", "undefined"],
    ["returns an object for a class", { entry: () => ({}) }, "ENTRY_HOOK_NOT_A_CLASS", "{}"],
    ["returns a class of its own", { entry: () => class Own {} }, "ENTRY_HOOK_WRONG_CLASS", "the class Own"],
  ])("that %s makes only its plugin fail", async (_what, plugin, code, part) => {
    const test = await runThrough(plugin);
    expect(test.status("peek_plugin_bad")).toMatchObject({ state: "failed", error: { code, hook: "import" } });
    expect(test.status("peek_plugin_bad").error?.message).toContain(part);
  });

  it("may return its class in a promise", async () => {
    const test = await runThrough({ entry: async (entryHookClass) => entryHookClass });
    expect(test.states["peek_plugin_bad"]).toBe("unloaded");
  });

  it("whose import settles after it was abandoned is not constructed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const entry = Promise.withResolvers<unknown>();
    const entered = Promise.withResolvers<void>();
    const constructed = vi.fn<() => void>();
    let entryHookClass: unknown;
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        entry: (given) => {
          entryHookClass = given;
          entered.resolve();
          return entry.promise;
        },
        construct: constructed,
      },
    }).resolved();
    const loaded = test.loader.load();
    await entered.promise;
    await vi.advanceTimersByTimeAsync(deadlines.loadMs);
    await loaded;
    entry.resolve(entryHookClass);
    await new Promise((resolve) => setImmediate(resolve));
    expect(test.states).toEqual({ peek_plugin_a: "failed" });
    expect(constructed).not.toHaveBeenCalled();
  });
});

describe("stop()", () => {
  it("returns the plugins that failed to stop or unload", async () => {
    const bad = (): never => {
      throw new Error("no");
    };
    const { loader } = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { stop: bad },
      peek_plugin_b: { unload: bad },
      peek_plugin_c: { load: bad },
      peek_plugin_d: {},
    }).started();
    const failed = await loader.stop();
    expect(failed.map(({ name, error }) => [name, error?.hook])).toEqual([
      ["peek_plugin_b", "unload"],
      ["peek_plugin_a", "stop"],
    ]);
  });

  it("stays within its budget when many plugins hang, and still calls every hook", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const log: string[] = [];
    const hang =
      (hook: string) =>
      ({ name }: { readonly name: string }): Promise<void> => {
        log.push(`${hook} ${name}`);
        return forever();
      };
    const names = Array.from({ length: 6 }, (_, index) => `peek_plugin_${index}`);
    const test = await new TestLoader(
      temporaryFolder(),
      Object.fromEntries(names.map((name) => [name, { stop: hang("stop"), unload: hang("unload") }])),
    ).started();
    const began = performance.now();
    const stopped = test.loader.stop();
    await vi.runAllTimersAsync();
    expect((await stopped).map((status) => status.name)).toEqual(names.toReversed());
    expect(performance.now() - began).toBeLessThan(deadlines.shutdownMs + 2 * names.length * 100);
    expect(log.toSorted()).toEqual(names.flatMap((name) => [`stop ${name}`, `unload ${name}`]).toSorted());
  });
});

describe("a service that is stopped meanwhile", () => {
  it("does not begin load() after an import during which the stop came", async () => {
    const log: string[] = [];
    const stop = new AbortController();
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        construct: () => stop.abort(),
        load: () => void log.push("load"),
        unload: () => void log.push("unload"),
      },
    }).resolved();
    await test.loader.load(stop.signal);
    expect(await test.loader.stop()).toEqual([]);
    expect(log).toEqual([]);
    expect(test.states).toEqual({ peek_plugin_a: "unloaded" });
  });

  it("begins no further plugin", async () => {
    const stop = new AbortController();
    const log: string[] = [];
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_b: { dependencies: { peek_plugin_a: "1" }, load: () => void log.push("load b") },
      peek_plugin_a: { load: () => stop.abort() },
    }).resolved();
    await test.loader.load(stop.signal);
    await test.loader.start(stop.signal);
    expect(test.states).toEqual({ peek_plugin_b: "resolved", peek_plugin_a: "loaded" });
    expect(await test.loader.stop()).toEqual([]);
    expect(test.states).toEqual({ peek_plugin_b: "resolved", peek_plugin_a: "unloaded" });
    expect(log).toEqual([]);
  });

  it.each(["load", "start"] as const)(
    "gives a %s() that hangs as long as a stop(), then gives up on it",
    async (hook) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
      const stop = new AbortController();
      const entered = Promise.withResolvers<void>();
      const test = await new TestLoader(temporaryFolder(), {
        peek_plugin_a: {
          [hook]: () => {
            entered.resolve();
            return forever();
          },
        },
      }).resolved();
      const done = test.loader.load(stop.signal).then(() => test.loader.start(stop.signal));
      await entered.promise;
      stop.abort();
      await vi.advanceTimersByTimeAsync(deadlines.stopMs - 1);
      expect(test.states).toEqual({ peek_plugin_a: hook === "load" ? "loading" : "starting" });
      await vi.advanceTimersByTimeAsync(1);
      await done;
      expect(test.status("peek_plugin_a")).toMatchObject({ state: "failed", error: { code: "HOOK_CANCELLED", hook } });
      expect(await test.loader.stop()).toEqual([]);
    },
  );

  it("waits for a hook that settles in time, and then stops its plugin", async () => {
    const stop = new AbortController();
    const entered = Promise.withResolvers<void>();
    const start = Promise.withResolvers<void>();
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        start: () => {
          entered.resolve();
          return start.promise;
        },
      },
    }).loaded();
    const started = test.loader.start(stop.signal);
    await entered.promise;
    stop.abort();
    start.resolve();
    await started;
    expect(test.states).toEqual({ peek_plugin_a: "started" });
    await test.loader.stop();
    expect(test.states).toEqual({ peek_plugin_a: "unloaded" });
  });
});
