import { describe, expect, it } from "vitest";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";

const needs = (...names: readonly string[]): Readonly<Record<string, unknown>> => ({
  dependencies: Object.fromEntries(names.map((name) => [name, "*"])),
});

/** What the plugins themselves have logged, as `c:Loaded`. */
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

describe("the order", () => {
  it("is that of the dependencies, all load() before any start(), and the reverse in the end", async () => {
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

  it("waits for a slow dependency, and each stop() for the one before", async () => {
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

describe("stopping", () => {
  it.each([
    ["throws", "stop() { throw new Error('stop went wrong'); }", /peek_plugin_bad failed in stop\(\): stop went wrong/],
    [
      "hangs",
      "stop() { return new Promise(() => {}); }",
      /peek_plugin_bad failed in stop\(\): stop\(\) did not settle within 0\.3 s/,
    ],
  ])("a stop() that %s holds up no other, and the exit code tells", async (_what, body, says) => {
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

  it("has one budget for all", async () => {
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

  it("releases what a plugin left on its disposables, last in first out, also when stop() throws", async () => {
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

  it("a second signal ends the process at once", async () => {
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

  it("the echo of a signal is no second one", async () => {
    await using home = await TestHome.with({}, [{ name: "peek_plugin_plain" }]);
    await using running = await home.start();
    running.kill("SIGINT");
    running.kill("SIGTERM");
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(steps(running)).toContain("plain:Unloaded");
  });

  it("SIGTERM during start() stops what had started, and begins nothing more", async () => {
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

describe("an error that nobody caught", () => {
  it.each([
    ["a timer", "start() { setTimeout(() => { throw new Error('too late'); }, 1); }"],
    ["a promise that nobody awaits", "start() { setImmediate(() => { Promise.reject(new Error('too late')); }); }"],
    [
      "a listener of its own",
      `start() { setImmediate(async () => { const { EventEmitter } = await import("node:events"); new EventEmitter().emit("error", new Error("too late")); }); }`,
    ],
  ])("from %s fails the plugin that it came from, and stops those that depend on it", async (_what, body) => {
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

  it("process.exit() from a timer is contained too", async () => {
    await using home = await TestHome.with({}, [
      { name: "peek_plugin_quitter", body: "start() { setTimeout(() => { try { process.exit(9); } catch {} }, 1); }" },
      { name: "peek_plugin_stranger" },
    ]);
    await using running = home.run();
    await running.waitFor(/peek_plugin_quitter failed: it called process\.exit\(9\)/);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(steps(running)).toContain("stranger:Stopped");
  });

  it("from no plugin ends the service with 70, plugins stopped first", async () => {
    // Begun in a context that is nobody's, and with a stack that names no file of the plugin.
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

describe("many plugins", () => {
  it("500 start, whatever the order of their names", async () => {
    const plugins = Array.from({ length: 500 }, (_, index) => ({
      name: `peek_plugin_n${index}`,
      body: "",
      // Each depends on a later one: the order of the names is the wrong one.
      ...(index < 499 && { manifest: needs(`peek_plugin_n${index + 1}`) }),
    }));
    await using home = await TestHome.with({}, plugins);
    await using running = home.run();
    expect(await running.waitFor(/Ready in/)).toMatch(/: 500 plugins started$/);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
  });
});
