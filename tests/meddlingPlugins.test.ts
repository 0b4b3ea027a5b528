import { beforeAll, describe, expect, it } from "vitest";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";

const plain = { name: "peek_plugin_plain" };
const isOrderly = (lines: readonly string[]): boolean => lines.includes("INFO peek_plugin_plain:Unloaded");

/** Effects of plugins on the process, and how the log names them. */
const meddling: readonly (readonly [what: string, code: string, says: string])[] = [
  [
    "all listeners",
    "process.removeAllListeners();",
    "tried to remove the platform's listener for SIGTERM, which is not removed",
  ],
  [
    "a signal's listeners",
    "process.removeAllListeners('SIGTERM');",
    "tried to remove the platform's listener for SIGTERM, which is not removed",
  ],
  [
    "each listener of a signal",
    "for (const each of process.listeners('SIGTERM')) process.off('SIGTERM', each);",
    "tried to remove the platform's listener for SIGTERM, which is not removed",
  ],
  [
    "the listeners for uncaught errors",
    "process.removeAllListeners('uncaughtException'); process.removeAllListeners('unhandledRejection');",
    "tried to remove the platform's listener for uncaughtException, which is not removed",
  ],
  [
    "uncaught errors by its own capture callback",
    "process.setUncaughtExceptionCaptureCallback(() => {});",
    "tried to capture the uncaught errors of the process, which only the service handles",
  ],
  ["Promise", "globalThis.Promise = class {};", "tried to replace the global Promise, which is not replaced"],
  ["setTimeout", "globalThis.setTimeout = () => {};", "tried to replace the global setTimeout, which is not replaced"],
  [
    "the exit by a listener that throws",
    "process.on('exit', () => { throw new Error('at the end'); });",
    "threw in its listener for the exit of the process: at the end",
  ],
  [
    "the exit code",
    "process.once('exit', () => { process.exitCode = 3; });",
    "set the exit code of the process, which only the service sets",
  ],
  [
    "the exit by a listener that calls process.exit()",
    "process.on('exit', () => process.exit(3));",
    "threw in its listener for the exit of the process: it called process.exit(3), which only the service may call. Throw an error instead.",
  ],
];

const meddler = (index: number): string => `peek_plugin_meddler_${index}`;

describe("a plugin that meddles with the process", () => {
  let meddled: RunningProcess;

  // Each has a plugin of its own, in one service.
  beforeAll(async () => {
    const late = "setTimeout(() => { throw new Error('thrown later'); }, 20);";
    const plugins = meddling.map(([, code], index) => ({
      name: meddler(index),
      body: `start() { ${code} ${late} }`,
    }));
    await using home = await TestHome.with({}, [plain, ...plugins]);
    meddled = await home.start();
    await Promise.all(
      plugins.map(({ name }) =>
        meddled.waitFor(new RegExp(`${name} failed: it threw outside its hooks: thrown later`)),
      ),
    );
    await meddled.stop();
  });

  it.each(meddling.map(([what, , says], index) => ({ what, says, name: meddler(index) })))(
    "cannot remove or change $what, and the log names it",
    ({ says, name }) => {
      expect(meddled.lines).toContain(`WARNING peek_logic_service:${name} ${says}`);
    },
  );

  it("cannot prevent the service from stopping in order", async () => {
    expect(await meddled.ended).toEqual({ code: 0, signal: null });
    expect(isOrderly(meddled.lines)).toBe(true);
    expect(meddled.stderr).toBe("");
  });

  it("cannot handle a signal before the platform", async () => {
    const body = "start() { process.prependListener('SIGTERM', () => { throw new Error('first'); }); }";
    await using home = await TestHome.with({}, [plain, { name: "peek_plugin_meddler", body }]);
    await using running = await home.start();
    await running.stop();
    expect(running.lines).toContain("INFO peek_logic_service:SIGTERM: stopping");
    expect(isOrderly(running.lines)).toBe(true);
  });

  it("can remove its own listeners", async () => {
    const body = `
      #logger = this.getLogger(import.meta);
      start() {
        const listener = () => this.#logger.info("heard");
        process.on("peek.test", listener).once("peek.test", listener);
        process.emit("peek.test");
        process.off("peek.test", listener);
        process.emit("peek.test");
        process.on("SIGTERM", listener);
        process.removeListener("SIGTERM", listener);
      }`;
    await using home = await TestHome.with({}, [plain, { name: "peek_plugin_meddler", body }]);
    await using running = await home.start();
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(running.lines.filter((line) => line.endsWith("peek_plugin_meddler:heard"))).toHaveLength(2);
    expect(running.stdout).not.toMatch(/WARNING/);
  });

  it("cannot end the process by process.abort() or process.kill()", async () => {
    const calls = ["abort()", "kill(process.pid, 'SIGKILL')", "kill(0)"];
    const plugins = calls.map((call, index) => ({ name: meddler(index), body: `start() { process.${call}; }` }));
    await using home = await TestHome.with({}, [plain, ...plugins]);
    await using running = await home.start();
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    for (const { name } of plugins) {
      expect(running.stdout).toMatch(
        new RegExp(
          `ERROR .*${name} failed in start\\(\\): it called process\\.(?:abort|kill)\\(.*, which only the service may call`,
        ),
      );
    }
    expect(isOrderly(running.lines)).toBe(true);
  });
});
