import { serviceConfigSchema } from "@peek/config";
import { copyFile, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "./src/freePort.ts";
import { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { temporaryFolder } from "./src/temporaryFolder.ts";
import { workspaceDir } from "./src/workspace.ts";

function dev(base: string, ...args: readonly string[]): RunningProcess {
  const env = { PEEK_HOME: base, FORCE_COLOR: "0" };
  const running = new RunningProcess("pnpm", { args: ["dev", ...args], cwd: workspaceDir, env });
  // Also after a time-out of the test.
  onTestFinished(() => running[Symbol.asyncDispose]());
  return running;
}

describe("pnpm dev", () => {
  it("with --filter logic starts only logic from source, with a configuration for development, and stops it in order", async () => {
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

  it("starts all five services without a warning, and restarts each when the code of a plugin changes", async () => {
    const base = await temporaryFolder();
    const services = ["logic", "field", "office", "worker", "agent"];
    // Other tests run logic on the default port at the same time.
    const port = await freePort();
    const atLogic = { httpServer: { dataExchange: { sitePort: port } } };
    const config = { plugin: { enabled: ["peek_plugin_tutorial"] }, logging: { level: "DEBUG" as const } };
    for (const service of services) {
      const place = service === "logic" ? atLogic : { dataExchange: { httpPort: port } };
      const home = await TestHome.at(base, service, { ...config, ...place });
      // A service completes its configuration and saves it, which would restart it here.
      await home.writeConfig(JSON.stringify(serviceConfigSchema.parse(JSON.parse(await home.readConfig()))));
    }
    await using running = dev(base);
    const ready = services.map((service) => readyLine(service));
    await Promise.all(ready.map((line) => running.waitFor(line)));
    await running.waitFor(/office:dev: INFO .*:Connected to the logic service/);
    expect(warnings(running)).toEqual([]);
    await save(join(workspaceDir, "plugins/peek-plugin-tutorial/src/_private/worker/WorkerEntryHook.ts"));
    for (const line of ready) await expect.poll(() => count(running, line), { timeout: 90_000 }).toBe(2);
    expect(warnings(running)).toEqual([]);
    running.kill("SIGINT");
    await running.ended;
    expect(running.lines).toContain("agent:dev: DEBUG peek_plugin_tutorial._private.agent.AgentEntryHook:Unloaded");
  }, 300_000);

  it("restarts a service each time its code, a manifest or its configuration is saved, also after a mistake", async () => {
    const base = await temporaryFolder();
    await using running = dev(base, "--filter", "agent");
    const ready = readyLine("agent");
    await running.waitFor(ready);
    const configFile = join(base, "peek-agent-service.home", "config.json");
    const touched = [
      join(workspaceDir, "plugins/peek-plugin-tutorial/src/_private/agent/AgentEntryHook.ts"),
      join(workspaceDir, "plugins/peek-plugin-tutorial/plugin_package.json"),
      configFile,
    ];
    let starts = 1;
    const startsAgain = async (): Promise<void> => {
      starts += 1;
      await expect.poll(() => count(running, ready), { timeout: 90_000 }).toBe(starts);
    };
    // The second save replaces the file that the first one made.
    for (const file of [...touched, ...touched]) {
      await save(file);
      await startsAgain();
    }
    const config = await readFile(configFile, "utf8");
    await writeFile(configFile, "{");
    await running.waitFor(/agent:dev: dev: agent has ended \(78\)/);
    await writeFile(configFile, config);
    await startsAgain();
    running.kill("SIGINT");
    await running.ended;
  }, 300_000);
});

const readyLine = (service: string): RegExp =>
  new RegExp(`${service}:dev: INFO peek_${service}_service:Ready in .* \\d+ plugins? started`);

const count = (running: RunningProcess, line: RegExp): number => running.lines.filter((each) => line.test(each)).length;

const warnings = (running: RunningProcess): readonly string[] =>
  running.lines.filter((line) => /:dev: (?:WARNING|ERROR|CRITICAL) /.test(line));

/** Saves a file by replacing it with a new one, as some editors do. */
async function save(file: string): Promise<void> {
  await copyFile(file, `${file}.saved`);
  await rename(`${file}.saved`, file);
}
