import { pathToFileURL } from "node:url";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manifestName } from "@peek/loader";
import { manifestOf, type TestPlugin, writePlugin } from "./pluginFolders.ts";
import { TestLoader } from "./TestLoader.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** A plugin that notes down what is done to it. */
function noting(log: string[], plugin: TestPlugin = {}): TestPlugin {
  return {
    load: ({ name }) => void log.push(`load ${name}`),
    start: ({ name }) => void log.push(`start ${name}`),
    stop: ({ name }) => void log.push(`stop ${name}`),
    unload: ({ name }) => void log.push(`unload ${name}`),
    ...plugin,
  };
}

describe("plugins", () => {
  it("are all loaded, then all started, dependencies first, and ended in the exact reverse order", async () => {
    const log: string[] = [];
    const { loader } = await new TestLoader(temporaryFolder(), {
      peek_plugin_c: noting(log, { dependencies: { peek_plugin_b: "^1.0.0" } }),
      peek_plugin_b: noting(log, { dependencies: { peek_plugin_a: "^1.0.0" } }),
      peek_plugin_a: noting(log),
    }).started();
    expect(await loader.stop()).toEqual([]);
    expect(log).toEqual([
      "load peek_plugin_a",
      "load peek_plugin_b",
      "load peek_plugin_c",
      "start peek_plugin_a",
      "start peek_plugin_b",
      "start peek_plugin_c",
      "stop peek_plugin_c",
      "stop peek_plugin_b",
      "stop peek_plugin_a",
      "unload peek_plugin_c",
      "unload peek_plugin_b",
      "unload peek_plugin_a",
    ]);
  });

  it("are loaded and started only after the hooks of their dependencies have settled", async () => {
    const log: string[] = [];
    const slow = (step: string) => async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${step} settled`);
    };
    await new TestLoader(temporaryFolder(), {
      peek_plugin_b: noting(log, { dependencies: { peek_plugin_a: "1" } }),
      peek_plugin_a: { load: slow("load"), start: slow("start") },
    }).started();
    expect(log).toEqual(["load settled", "load peek_plugin_b", "start settled", "start peek_plugin_b"]);
  });

  it("that do not depend on each other are loaded and started in parallel", async () => {
    const both = { load: Promise.withResolvers<void>(), start: Promise.withResolvers<void>() };
    const { states } = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { load: () => both.load.promise, start: () => both.start.promise },
      peek_plugin_b: { load: () => both.load.resolve(), start: () => both.start.resolve() },
    }).started();
    expect(states).toEqual({ peek_plugin_a: "started", peek_plugin_b: "started" });
  });

  it("are stopped and unloaded one at a time", async () => {
    const log: string[] = [];
    const slow = ({ name }: { readonly name: string }): Promise<void> => {
      log.push(`${name} begins`);
      return new Promise((resolve) => setImmediate(() => resolve(void log.push(`${name} ends`))));
    };
    const { loader } = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { stop: slow, unload: slow },
      peek_plugin_b: { stop: slow, unload: slow },
    }).started();
    await loader.stop();
    const once = ["peek_plugin_b begins", "peek_plugin_b ends", "peek_plugin_a begins", "peek_plugin_a ends"];
    expect(log).toEqual([...once, ...once]);
  });

  it("that were loaded and never started are unloaded", async () => {
    const log: string[] = [];
    const { loader } = await new TestLoader(temporaryFolder(), { peek_plugin_a: noting(log) }).loaded();
    await loader.stop();
    expect(log).toEqual(["load peek_plugin_a", "unload peek_plugin_a"]);
  });

  it("are not stopped twice", async () => {
    const log: string[] = [];
    const { loader } = await new TestLoader(temporaryFolder(), { peek_plugin_a: noting(log) }).started();
    await loader.stop();
    expect(await loader.stop()).toEqual([]);
    expect(log).toHaveLength(4);
  });
});

describe("the status of a plugin", () => {
  it("shows each state between the steps", async () => {
    const test = new TestLoader(temporaryFolder(), { peek_plugin_a: {} });
    const seen: unknown[] = [];
    const look = (): void => void seen.push(test.states["peek_plugin_a"]);
    await test.loader.resolve();
    look();
    await test.loader.load();
    look();
    await test.loader.start();
    look();
    await test.loader.stop();
    look();
    expect(seen).toEqual(["resolved", "loaded", "started", "unloaded"]);
  });

  it("shows each state within the hooks", async () => {
    const seen: unknown[] = [];
    const look = (): void => void seen.push(test.states["peek_plugin_a"]);
    const test = new TestLoader(temporaryFolder(), {
      peek_plugin_a: { construct: look, load: look, start: look, stop: look, unload: look },
    });
    await test.started();
    await test.loader.stop();
    expect(seen).toEqual(["loading", "loading", "starting", "stopping", "unloading"]);
  });

  it("shows the title, the source and the durations", async () => {
    const base = temporaryFolder();
    const test = await new TestLoader(base, { peek_plugin_a: { version: "3.2.1" } }).started();
    expect(test.loader.status()).toEqual([
      {
        name: "peek_plugin_a",
        generation: 1,
        state: "started",
        since: expect.stringMatching(/^\d{4}-.*Z$/),
        title: "Title of peek_plugin_a",
        version: "3.2.1",
        rootDir: join(base, "peek-plugin-a"),
        source: "the given folders",
        durations: { import: expect.any(Number), load: expect.any(Number), start: expect.any(Number) },
      },
    ]);
  });

  it("is listed in the order of plugin.enabled", async () => {
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_b: { dependencies: { peek_plugin_a: "1" } },
      peek_plugin_a: {},
    }).started();
    expect(Object.keys(test.states)).toEqual(["peek_plugin_b", "peek_plugin_a"]);
  });
});

describe("a plugin", () => {
  it("gets its name, its folder and its platform object", async () => {
    const base = temporaryFolder();
    const seen: Record<string, unknown>[] = [];
    const test = await new TestLoader(base, {
      peek_plugin_a: {
        load: (hook) => {
          const { name, title, rootDir, packageConfig } = hook;
          const { serviceName, serviceVersion, dataDir, signal } = hook.platform;
          hook.getLogger({ url: pathToFileURL(join(rootDir, "_private/logic/Thing.js")).href }).info("hello %d", 5);
          seen.push({
            name,
            title,
            rootDir,
            packageConfig,
            serviceName,
            serviceVersion,
            dataDir,
            aborted: signal.aborted,
          });
        },
      },
    }).started();
    const dataDir = join(base, "data", "peek_plugin_a");
    expect(seen).toEqual([
      {
        name: "peek_plugin_a",
        title: "Title of peek_plugin_a",
        rootDir: join(base, "peek-plugin-a"),
        packageConfig: manifestOf("peek_plugin_a"),
        serviceName: "logic",
        serviceVersion: "7.8.9",
        dataDir,
        aborted: false,
      },
    ]);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(test.logged("info")).toEqual(["info peek_plugin_a._private.logic.Thing: hello 5"]);
  });

  it("that never reads dataDir has no folder for files", async () => {
    const base = temporaryFolder();
    await new TestLoader(base, { peek_plugin_a: {} }).started();
    expect(existsSync(join(base, "data"))).toBe(false);
  });

  it("gets its signal aborted before stop(), or before unload() when it was never started", async () => {
    const heard: boolean[] = [];
    const listen: TestPlugin = {
      stop: ({ platform }) => void heard.push(platform.signal.aborted),
      unload: ({ platform }) => void heard.push(platform.signal.aborted),
    };
    const started = await new TestLoader(temporaryFolder(), { peek_plugin_a: listen }).started();
    await started.loader.stop();
    const loaded = await new TestLoader(temporaryFolder(), { peek_plugin_a: listen }).loaded();
    await loaded.loader.stop();
    expect(heard).toEqual([true, true, true]);
  });

  it("is attributed the code that it started, and no other code", async () => {
    const known: (string | undefined)[] = [];
    const timer = Promise.withResolvers<void>();
    const running = (): string | undefined =>
      test.loader.pluginOf(Object.assign(new Error("without a stack"), { stack: "" }));
    const look = (): void => void known.push(running());
    const test = new TestLoader(temporaryFolder(), {
      peek_plugin_a: {
        construct: look,
        load: async () => {
          await Promise.resolve();
          look();
          setImmediate(() => {
            look();
            timer.resolve();
          });
        },
        stop: look,
      },
    });
    await test.started();
    await timer.promise;
    await test.loader.stop();
    expect(known).toEqual(Array.from({ length: 4 }, () => "peek_plugin_a"));
    expect(running()).toBeUndefined();
  });

  it("can be loaded by two loaders at once, with an instance for each", async () => {
    const base = temporaryFolder();
    const instances = new Set<unknown>();
    const first = await new TestLoader(base, { peek_plugin_a: { load: (hook) => void instances.add(hook) } }).started();
    const second = new TestLoader(
      temporaryFolder(),
      {},
      {
        enabled: ["peek_plugin_a"],
        sources: [{ title: "the same", find: () => join(base, "peek-plugin-a"), packageNames: () => [] }],
      },
    );
    await second.started();
    expect(instances.size).toBe(2);
    await first.loader.stop();
    expect(second.states).toEqual({ peek_plugin_a: "started" });
  });
});

describe("a plugin that is skipped", () => {
  it("does not require the service, and none of its code runs", async () => {
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { requiresServices: ["field"], code: "throw new Error('it ran')" },
      peek_plugin_b: {},
    }).started();
    expect(test.states).toEqual({ peek_plugin_a: "skipped", peek_plugin_b: "started" });
    expect(test.status("peek_plugin_a").error).toBeUndefined();
    expect([...test.logged("warning"), ...test.logged("error")]).toEqual([]);
  });

  it.each([
    ["exports nothing", "export {};"],
    ["exports the function of another service", "export const peekFieldEntryHook = () => class {};"],
    ["exports something else by that name", "export const peekLogicEntryHook = 7;"],
  ])("requires the service and %s, and a warning is logged", async (_what, code) => {
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: { code }, peek_plugin_b: {} }).started();
    expect(test.states).toEqual({ peek_plugin_a: "skipped", peek_plugin_b: "started" });
    expect(test.status("peek_plugin_a").error).toMatchObject({ code: "ENTRY_HOOK_MISSING" });
    expect(test.logged("warning").join()).toContain("exports no function peekLogicEntryHook()");
    expect(test.logged("error")).toEqual([]);
  });
});

it("a plugin has the version of its package.json, for itself and for those that depend on it", async () => {
  const test = await new TestLoader(temporaryFolder(), {
    peek_plugin_a: {
      manifest: JSON.stringify({
        plugin: { title: "A", packageName: "peek_plugin_a" },
        requiresServices: ["logic"],
      }),
      packageJson: { version: "2.3.4" },
      load: ({ packageConfig }) => expect(packageConfig.plugin.version).toBe("2.3.4"),
    },
    peek_plugin_b: { dependencies: { peek_plugin_a: "~2.3.0" } },
  }).started();
  expect(test.states).toEqual({ peek_plugin_a: "started", peek_plugin_b: "started" });
  expect(test.status("peek_plugin_a").version).toBe("2.3.4");
});

describe("a plugin that cannot be resolved", () => {
  const manifest = (change: object): string => JSON.stringify({ ...manifestOf("peek_plugin_a"), ...change });
  const unversioned = manifest({ plugin: { title: "A", packageName: "peek_plugin_a" } });

  it.each([
    ["has no plugin_package.json", { manifest: null }, "MANIFEST_MISSING", manifestName],
    ["has one that is no JSON", { manifest: '{\n"plugin": }' }, "MANIFEST_MALFORMED", "line 2, column 11"],
    ["has an empty one", { manifest: "" }, "MANIFEST_MALFORMED", "is empty"],
    [
      "requires an unknown service",
      { manifest: manifest({ requiresServices: ["server"] }) },
      "MANIFEST_INVALID",
      'requiresServices[0]: is "server"',
    ],
    [
      "lacks what the plugin is",
      { manifest: '{"requiresServices": ["logic"]}' },
      "MANIFEST_INVALID",
      "plugin: is missing",
    ],
    [
      "has another's name",
      { manifest: JSON.stringify(manifestOf("peek_plugin_b")) },
      "MANIFEST_NAME_MISMATCH",
      "belongs to peek_plugin_b, but the plugin is enabled as peek_plugin_a",
    ],
    [
      "has another version in package.json",
      { version: "1.0.0", packageJson: { version: "1.1.0" } },
      "PLUGIN_VERSION_MISMATCH",
      /peek-plugin-a\/package\.json says version 1\.1\.0, and .*plugin_package\.json says plugin\.version 1\.0\.0\./,
    ],
    [
      "has a version that is none",
      { manifest: unversioned, packageJson: { version: "1.1" } },
      "PLUGIN_VERSION_MISSING",
      'package.json has the invalid version "1.1"',
    ],
    ["has no version at all", { manifest: unversioned }, "PLUGIN_VERSION_MISSING", "package.json has no version"],
    [
      "depends on what is not there",
      { dependencies: { peek_plugin_gone: "^1.0.0" } },
      "DEPENDENCY_MISSING",
      "peek_plugin_gone, which is not enabled on logic",
    ],
    [
      "depends on what does not run here",
      { dependencies: { peek_plugin_field: "^1.0.0" } },
      "DEPENDENCY_MISSING",
      "does not run on logic",
    ],
    [
      "depends on another version",
      { dependencies: { peek_plugin_good: "^2.0.0" } },
      "DEPENDENCY_VERSION",
      "version 1.0.0 is installed",
    ],
    [
      "depends on itself",
      { dependencies: { peek_plugin_a: "^1.0.0" } },
      "DEPENDENCY_CYCLE",
      "peek_plugin_a → peek_plugin_a",
    ],
  ])("because it %s fails alone, and none of its code runs", async (_what, plugin, code, part) => {
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { ...plugin, code: "throw new Error('it ran')" },
      peek_plugin_field: { requiresServices: ["field"] },
      peek_plugin_good: {},
    }).started();
    expect(test.states).toEqual({ peek_plugin_a: "failed", peek_plugin_field: "skipped", peek_plugin_good: "started" });
    const { error, durations } = test.status("peek_plugin_a");
    expect(error).toMatchObject({ code });
    expect(error?.message).toMatch(part);
    expect(durations).toEqual({});
    expect(test.logged("error")).toEqual([expect.stringContaining("peek_plugin_a failed: ")]);
  });

  it("because its manifest is a folder fails alone", async () => {
    const base = temporaryFolder();
    const test = new TestLoader(base, { peek_plugin_a: { manifest: null }, peek_plugin_b: {} });
    writePlugin(join(base, "peek-plugin-a", manifestName), "peek_plugin_inner");
    await test.started();
    expect(test.status("peek_plugin_a").error).toMatchObject({ code: "MANIFEST_UNREADABLE" });
    expect(test.states["peek_plugin_b"]).toBe("started");
  });

  it.each([
    ["peek-plugin-good", "PLUGIN_NAME_INVALID", "Write peek_plugin_good"],
    ["  Peek_Plugin_Good", "PLUGIN_NAME_INVALID", "Write peek_plugin_good"],
    ["lodash", "PLUGIN_NAME_INVALID", "Write peek_plugin_<name>"],
    ["../peek_plugin_x", "PLUGIN_NAME_INVALID", "Write peek_plugin_<name>"],
    ["__proto__", "PLUGIN_NAME_INVALID", "Write peek_plugin_<name>"],
    ["", "PLUGIN_NAME_INVALID", '""'],
    ["peek_plugin_gone", "PLUGIN_NOT_FOUND", "peek_plugin_gone has no package peek-plugin-gone in the given folders"],
  ])("because it is enabled as %j fails alone", async (name, code, part) => {
    const test = await new TestLoader(
      temporaryFolder(),
      { peek_plugin_good: {} },
      { enabled: [name, "peek_plugin_good"] },
    ).started();
    expect(test.states).toEqual({ [name]: "failed", peek_plugin_good: "started" });
    expect(test.status(name).error).toMatchObject({ code, message: expect.stringContaining(part) });
  });

  it("because it is enabled twice fails alone, once", async () => {
    const enabled = ["peek_plugin_a", "peek_plugin_b", "peek_plugin_a"];
    const test = await new TestLoader(
      temporaryFolder(),
      { peek_plugin_a: {}, peek_plugin_b: {} },
      { enabled },
    ).started();
    expect(test.states).toEqual({ peek_plugin_a: "failed", peek_plugin_b: "started" });
    expect(test.status("peek_plugin_a").error).toMatchObject({ code: "PLUGIN_DUPLICATE" });
  });

  it("because it is on a cycle fails with the others on it; plugins outside run, or are blocked by it", async () => {
    const test = await new TestLoader(temporaryFolder(), {
      peek_plugin_a: { dependencies: { peek_plugin_b: "1" } },
      peek_plugin_b: { dependencies: { peek_plugin_a: "1", peek_plugin_base: "1" } },
      peek_plugin_base: {},
      peek_plugin_top: { dependencies: { peek_plugin_a: "1" } },
      peek_plugin_other: {},
    }).started();
    expect(test.states).toEqual({
      peek_plugin_a: "failed",
      peek_plugin_b: "failed",
      peek_plugin_base: "started",
      peek_plugin_top: "blocked",
      peek_plugin_other: "started",
    });
    expect(test.status("peek_plugin_b").error?.message).toContain("peek_plugin_b → peek_plugin_a → peek_plugin_b");
    expect(test.status("peek_plugin_top").blockedBy).toBe("peek_plugin_a");
  });

  it("with unknown keys in its manifest runs, and the log names them", async () => {
    const text = JSON.stringify({ ...manifestOf("peek_plugin_a"), requireServices: [], note: 1 });
    const test = await new TestLoader(temporaryFolder(), { peek_plugin_a: { manifest: text } }).started();
    expect(test.states).toEqual({ peek_plugin_a: "started" });
    expect(test.logged("warning")).toEqual([
      expect.stringMatching(
        /peek_plugin_a: plugin_package.json has an unknown key requireServices; did you mean requiresServices\?$/,
      ),
      expect.stringMatching(/an unknown key note$/),
    ]);
  });
});

it("a loader without enabled plugins loads, starts and stops nothing", async () => {
  const test = await new TestLoader(temporaryFolder(), {}).started();
  expect(await test.loader.stop()).toEqual([]);
  expect([test.loader.status(), test.lines]).toEqual([[], []]);
});
