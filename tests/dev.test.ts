import { copyFile, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { RunningProcess } from "./src/RunningProcess.ts";
import { temporaryFolder } from "./src/temporaryFolder.ts";
import { workspaceDir } from "./src/workspace.ts";

function dev(base: string, ...args: readonly string[]): RunningProcess {
  const env = { PEEK_HOME: base, FORCE_COLOR: "0" };
  const running = new RunningProcess("pnpm", { args: ["dev", ...args], cwd: workspaceDir, env });
  // Also when the test takes too long, and is left where it is.
  onTestFinished(() => running[Symbol.asyncDispose]());
  return running;
}

describe("pnpm dev", () => {
  it("--filter logic starts logic alone from source, with a configuration for development, and stops it in order", async () => {
    const base = await temporaryFolder();
    await using running = dev(base, "--filter", "logic");
    await running.waitFor(/logic:dev: INFO peek_logic_service:Ready in .* \d+ plugins? started/);
    const config: unknown = JSON.parse(await readFile(join(base, "peek-logic-service.home", "config.json"), "utf8"));
    expect(config).toMatchObject({
      logging: { level: "DEBUG" },
      plugin: { enabled: expect.arrayContaining(["peek_plugin_tutorial"]) },
    });
    expect(running.lines).toContain("logic:dev: DEBUG peek_plugin_tutorial._private.logic.LogicEntryHook:Started");
    expect(running.stdout).not.toMatch(/(field|office|worker|agent):dev/);
    running.kill("SIGTERM");
    await running.waitFor(/logic:dev: DEBUG peek_plugin_tutorial\._private\.logic\.LogicEntryHook:Unloaded/);
    await running.ended;
  });

  it("starts all five, and starts one again when its code, a manifest or its configuration changes", async () => {
    const base = await temporaryFolder();
    await using running = dev(base);
    await Promise.all(
      ["logic", "field", "office", "worker", "agent"].map((service) =>
        running.waitFor(new RegExp(`${service}:dev: INFO peek_${service}_service:Ready in .* \\d+ plugins? started`)),
      ),
    );
    // Services that start together wait for each other, which is nothing to be warned of.
    const warnings = (): readonly string[] =>
      running.lines.filter((line) => /:dev: (?:WARNING|ERROR|CRITICAL) /.test(line));
    await running.waitFor(/office:dev: INFO .*:Connected to the logic service/);
    expect(warnings()).toEqual([]);
    const restarts = (): number =>
      running.lines.filter((line) => line.includes("worker:dev: INFO peek_worker_service:Ready")).length;
    const touched = [
      join(workspaceDir, "plugins/peek-plugin-tutorial/src/_private/worker/WorkerEntryHook.ts"),
      join(workspaceDir, "plugins/peek-plugin-tutorial/plugin_package.json"),
      join(base, "peek-worker-service.home", "config.json"),
    ];
    // Each twice, as an editor saves that puts a new file in the old one's place.
    for (const file of [...touched, ...touched]) {
      const before = restarts();
      await copyFile(file, `${file}.saved`);
      await rename(`${file}.saved`, file);
      await expect.poll(restarts, { timeout: 40_000 }).toBe(before + 1);
    }
    expect(warnings()).toEqual([]);
    const configFile = touched[2] ?? "";
    const config = await readFile(configFile, "utf8");
    await writeFile(configFile, "{");
    await running.waitFor(/worker:dev: dev: worker has ended \(78\)/);
    const before = restarts();
    await writeFile(configFile, config);
    await expect.poll(restarts, { timeout: 40_000 }).toBe(before + 1);
    running.kill("SIGINT");
    await running.ended;
    expect(running.lines).toContain("agent:dev: DEBUG peek_plugin_tutorial._private.agent.AgentEntryHook:Unloaded");
    // Eight starts of five services from source.
  }, 150_000);
});
