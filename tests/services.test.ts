import { serviceNames } from "@peek/plugin-base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";

describe.each(serviceNames)("run_peek_%s_service", (service) => {
  const logger = `peek_plugin_tutorial._private.${service}.${service.charAt(0).toUpperCase()}${service.slice(1)}EntryHook`;
  const tutorial = { logging: { level: "DEBUG" as const }, plugin: { enabled: ["peek_plugin_tutorial"] } };

  // The plugin has tables, which logic makes for the worker too.
  let base: TestHome;
  let logic: RunningProcess | undefined;

  beforeAll(async () => {
    base = await TestHome.make();
    if (service === "worker") logic = await (await base.beside("logic", tutorial)).start();
  });

  afterAll(async () => {
    await logic?.stop();
    await base[Symbol.asyncDispose]();
  });

  let output: string | undefined;

  // tests/signals.test.ts has the other signals.
  it("runs the tutorial plugin and stops it on SIGTERM", async () => {
    const home = await base.beside(service, tutorial);
    await using running = await home.start();
    expect(running.lines).toContain(`DEBUG ${logger}:Loaded`);
    expect(running.lines.indexOf(`DEBUG ${logger}:Started`)).toBeGreaterThan(
      running.lines.indexOf(`DEBUG ${logger}:Loaded`),
    );
    expect(running.lines).not.toContain(`DEBUG ${logger}:Stopped`);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    expect(running.lines.indexOf(`DEBUG ${logger}:Stopped`)).toBeGreaterThan(0);
    expect(running.lines.indexOf(`DEBUG ${logger}:Unloaded`)).toBeGreaterThan(
      running.lines.indexOf(`DEBUG ${logger}:Stopped`),
    );
    expect(running.stderr).toBe("");
    output = running.stdout;
  });

  it("imports no other service's part of the plugin", () => {
    const others = serviceNames.filter((other) => other !== service);
    expect(output).toContain(`${logger}:Unloaded`);
    expect(output).not.toMatch(new RegExp(`_private\\.(${others.join("|")})\\.`));
  });
});

describe("the command of a service", () => {
  it("prints its help", async () => {
    await using home = await TestHome.make();
    await using running = home.run({ args: ["--help"] });
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.stdout).toContain("Usage: run_peek_logic_service [options]");
    expect(running.stdout).toContain(home.configFile);
  });

  it("prints its version", async () => {
    await using home = await TestHome.make();
    await using running = home.run({ args: ["--version"] });
    await running.ended;
    expect(running.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("refuses an unknown option with exit code 64", async () => {
    await using home = await TestHome.make();
    await using running = home.run({ args: ["--verbose"] });
    expect(await running.ended).toEqual({ code: 64, signal: null });
    expect(running.stderr).toMatch(/^run_peek_logic_service: Unknown option '--verbose'.*--help\n$/);
  });
});
