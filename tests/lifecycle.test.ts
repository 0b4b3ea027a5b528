import { describe, expect, it } from "vitest";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";

const needs = (...names: readonly string[]): Readonly<Record<string, unknown>> => ({
  dependencies: Object.fromEntries(names.map((name) => [name, "*"])),
});

/** The lines that the plugins themselves have logged, as `c:Loaded`. */
const steps = (running: RunningProcess): readonly string[] =>
  running.lines.flatMap((line) => /^INFO peek_plugin_(\w+)(?:\.index)?:(.*)$/.exec(line)?.slice(1).join(":") ?? []);

const quick = {
  warnSeconds: 0.1,
  loadSeconds: 5,
  startSeconds: 5,
  stopSeconds: 0.3,
  unloadSeconds: 0.3,
  shutdownSeconds: 1,
};

describe("the order of hooks", () => {
  it("follows the dependencies, with all load() before any start(), and is reversed at the end", async () => {
    await using home = await TestHome.with({}, [
      { name: "peek_plugin_c", manifest: needs("peek_plugin_b") },
      { name: "peek_plugin_b", manifest: needs("peek_plugin_a") },
      { name: "peek_plugin_a" },
    ]);
    await using running = await home.start();
    await running.stop();
    expect(steps(running)).toEqual([
      ...["a:Loaded", "b:Loaded", "c:Loaded", "a:Started", "b:Started", "c:Started"],
      ...["c:Stopped", "b:Stopped", "a:Stopped", "c:Unloaded", "b:Unloaded", "a:Unloaded"],
    ]);
  });

  it("makes a plugin wait for a slow dependency, and each stop() for the previous one", async () => {
    const slow = `
      #logger = this.getLogger(import.meta);
      async #slowly(what) { await new Promise((resolve) => setTimeout(resolve, 30)); this.#logger.info(what); }
      load() { return this.#slowly("Loaded"); }
      start() { return this.#slowly("Started"); }
      stop() { return this.#slowly("Stopped"); }
      unload() { return this.#slowly("Unloaded"); }`;
    await using home = await TestHome.with({}, [
      { name: "peek_plugin_user", manifest: needs("peek_plugin_slow") },
      { name: "peek_plugin_slow", body: slow },
    ]);
    await using running = await home.start();
    await running.stop();
    expect(steps(running)).toEqual([
      ...["slow:Loaded", "user:Loaded", "slow:Started", "user:Started"],
      ...["user:Stopped", "slow:Stopped", "user:Unloaded", "slow:Unloaded"],
    ]);
  });
});

describe("stopping a service", () => {
  it.each([
    ["throws", "stop() { throw new Error('stop went wrong'); }", /peek_plugin_bad failed in stop\(\): stop went wrong/],
    [
      "hangs",
      "stop() { return new Promise(() => {}); }",
      /peek_plugin_bad failed in stop\(\): stop\(\) did not settle within 0\.3 s/,
    ],
  ])("is not blocked by a stop() that %s, and exits with 70", async (_what, body, says) => {
    await using home = await TestHome.with({ plugin: { deadlines: quick } }, [
      { name: "peek_plugin_first" },
      { name: "peek_plugin_bad", body, manifest: needs("peek_plugin_first") },
      { name: "peek_plugin_last", manifest: needs("peek_plugin_bad") },
    ]);
    await using running = await home.start();
    expect(await running.stop()).toEqual({ code: 70, signal: null });
    expect(running.stdout).toMatch(says);
    expect(running.stdout).toMatch(/Stopped, but these plugins failed to stop: peek_plugin_bad$/m);
    expect(steps(running).slice(-4)).toEqual(["last:Stopped", "first:Stopped", "last:Unloaded", "first:Unloaded"]);
  });

  it("has one time budget for all plugins", async () => {
    const hangs = "stop() { return new Promise(() => {}); } unload() { return new Promise(() => {}); }";
    const deadlines = { ...quick, stopSeconds: 60, unloadSeconds: 60, shutdownSeconds: 0.5 };
    const names = ["a", "b", "c", "d"].map((name) => `peek_plugin_${name}`);
    await using home = await TestHome.with(
      { plugin: { deadlines } },
      names.map((name) => ({ name, body: hangs })),
    );
    await using running = await home.start();
    expect(await running.stop()).toEqual({ code: 70, signal: null });
    expect(running.stdout).toMatch(/these plugins failed to stop: (?:peek_plugin_[abcd](?:, )?){4}$/m);
  });

  it("releases a plugin's disposables, last in first out, also when stop() throws", async () => {
    const body = `
      #logger = this.getLogger(import.meta);
      load() { this.disposables.defer(() => this.#logger.info("load's released")); }
      start() {
        this.disposables.defer(() => this.#logger.info("first released"));
        this.disposables.defer(async () => { throw new Error("would not go"); });
        this.disposables.adopt(7, (value) => this.#logger.info("last released " + value));
      }
      stop() { this.#logger.info("Stopped"); throw new Error("no"); }
      unload() { this.#logger.info("Unloaded"); }`;
    await using home = await TestHome.with({}, [{ name: "peek_plugin_holder", body }]);
    await using running = await home.start();
    await running.stop();
    expect(steps(running)).toEqual([
      "holder:Stopped",
      ...["holder:last released 7", "holder:first released", "holder:Unloaded", "holder:load's released"],
    ]);
    expect(running.stdout).toMatch(
      /WARNING .*peek_plugin_holder holds a deferred function, which threw when it was released: would not go/,
    );
  });

  it("ends the process at once on a second signal", async () => {
    const body = "stop() { console.log('stop has begun'); return new Promise(() => {}); }";
    await using home = await TestHome.with(
      { plugin: { deadlines: { ...quick, stopSeconds: 60, shutdownSeconds: 60 } } },
      [{ name: "peek_plugin_stuck", body }],
    );
    await using running = await home.start();
    running.kill("SIGTERM");
    await running.waitFor(/stop has begun/);
    await running.waitFor(/stop\(\) has not settled after 0\.1 s/);
    running.kill("SIGTERM");
    expect(await running.ended).toEqual({ code: 143, signal: null });
  });

  it("ignores the echo of a signal", async () => {
    await using home = await TestHome.with({}, [{ name: "peek_plugin_plain" }]);
    await using running = await home.start();
    running.kill("SIGINT");
    running.kill("SIGTERM");
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(steps(running)).toContain("plain:Unloaded");
  });

  it("during start() stops the started plugins, and starts no other", async () => {
    const body = "start() { console.log('start has begun'); return new Promise(() => {}); }";
    await using home = await TestHome.with({ plugin: { deadlines: quick } }, [
      { name: "peek_plugin_started" },
      { name: "peek_plugin_starting", body, manifest: needs("peek_plugin_started") },
      { name: "peek_plugin_waiting", manifest: needs("peek_plugin_starting") },
    ]);
    await using running = home.run();
    await running.waitFor(/start has begun/);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(steps(running)).toEqual([
      ...["started:Loaded", "waiting:Loaded", "started:Started"],
      ...["started:Stopped", "waiting:Unloaded", "started:Unloaded"],
    ]);
    expect(running.stdout).toMatch(
      /peek_plugin_starting failed in start\(\): start\(\) did not settle in time and was abandoned: the plugin has to stop/,
    );
  });
});

describe("an uncaught error", () => {
  it.each([
    ["a timer", "start() { setTimeout(() => { throw new Error('too late'); }, 1); }"],
    ["a promise that no code awaits", "start() { setImmediate(() => { Promise.reject(new Error('too late')); }); }"],
    [
      "its own listener",
      `start() { setImmediate(async () => { const { EventEmitter } = await import("node:events"); new EventEmitter().emit("error", new Error("too late")); }); }`,
    ],
  ])("from %s fails its plugin, and stops the plugins that depend on it", async (_what, body) => {
    const late = `${body}
      stop() { this.getLogger(import.meta).info("Stopped"); }
      unload() { this.getLogger(import.meta).info("Unloaded"); }`;
    await using home = await TestHome.with({}, [
      { name: "peek_plugin_late", body: late },
      { name: "peek_plugin_user", manifest: needs("peek_plugin_late") },
      { name: "peek_plugin_stranger" },
    ]);
    await using running = home.run();
    await running.waitFor(/late(\.index)?:Unloaded/);
    expect(running.stdout).toMatch(/ERROR .*peek_plugin_late failed: it threw outside its hooks: .*too late/);
    expect(running.stdout).toMatch(/ERROR .*peek_plugin_user is blocked: peek_plugin_user depends on peek_plugin_late/);
    expect(steps(running)).toEqual(expect.arrayContaining(["user:Unloaded", "stranger:Started"]));
    expect(steps(running)).not.toContain("stranger:Stopped");
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(steps(running)).toContain("stranger:Stopped");
  });

  it("by process.exit() from a timer fails only its plugin", async () => {
    await using home = await TestHome.with({}, [
      { name: "peek_plugin_quitter", body: "start() { setTimeout(() => { try { process.exit(9); } catch {} }, 1); }" },
      { name: "peek_plugin_stranger" },
    ]);
    await using running = home.run();
    await running.waitFor(/peek_plugin_quitter failed: it called process\.exit\(9\)/);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(steps(running)).toContain("stranger:Stopped");
  });

  it("of no plugin stops the plugins and ends the service with 70", async () => {
    // In a context without a plugin, and with a stack that names no file of the plugin.
    const outside =
      "import { AsyncLocalStorage } from 'node:async_hooks'; globalThis.outside = AsyncLocalStorage.snapshot();";
    const body = `start() {
      const error = Object.assign(new Error("whose?"), { stack: "Error: whose?" });
      globalThis.outside(() => setTimeout(() => { throw error; }, 1));
    }`;
    await using home = await TestHome.with({}, [{ name: "peek_plugin_plain" }, { name: "peek_plugin_unplaced", body }]);
    const preload = `--import=data:text/javascript,${encodeURIComponent(outside)}`;
    await using running = home.run({ env: { NODE_OPTIONS: preload } });
    expect(await running.ended).toEqual({ code: 70, signal: null });
    expect(running.stdout).toMatch(
      /CRITICAL peek_logic_service:Stopping because of an error outside all plugins: whose\?/,
    );
    expect(steps(running).slice(-2)).toEqual(["plain:Stopped", "plain:Unloaded"]);
  });
});

describe("500 plugins", () => {
  it("start in the order of their dependencies, with any order of names", async () => {
    const plugins = Array.from({ length: 500 }, (_, index) => ({
      name: `peek_plugin_n${index}`,
      body: "",
      // Each depends on a later one: the order of the names is wrong.
      ...(index < 499 && { manifest: needs(`peek_plugin_n${index + 1}`) }),
    }));
    await using home = await TestHome.with({}, plugins);
    await using running = home.run();
    expect(await running.waitFor(/Ready in/)).toMatch(/: 500 plugins started$/);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
  });
});
