import { serviceConfigSchema } from "@peek/config";
import { copyFile, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { DevelopmentWorkspace } from "./src/DevelopmentWorkspace.ts";
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

  it("starts all five services without a warning, and those that use a saved file of a plugin reload only the plugin", async () => {
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
    await running.waitFor(/peek-plugin-tutorial:dev: .*Local/);
    expect(warnings(running)).toEqual([]);
    const postgresql = join(base, "peek-logic-service.home", "postgresql", "data", "postmaster.pid");
    const postmaster = await readFile(postgresql, "utf8");
    const sources = join(workspaceDir, "plugins/peek-plugin-tutorial/src");
    // All services import the first and the last file, and only the worker the second one.
    const reloads = { logic: 0, field: 0, office: 0, worker: 0, agent: 0 };
    for (const file of ["index.ts", "_private/worker/WorkerEntryHook.ts", "index.ts"]) {
      await save(join(sources, file));
      for (const service of ["logic", "field", "office", "agent"] as const)
        reloads[service] += file === "index.ts" ? 1 : 0;
      reloads.worker += 1;
      await expect.poll(() => reloadsIn(running), { timeout: 90_000 }).toEqual(reloads);
    }
    expect(ready.map((line) => count(running, line))).toEqual([1, 1, 1, 1, 1]);
    expect(await readFile(postgresql, "utf8")).toBe(postmaster);
    running.kill("SIGINT");
    await running.ended;
    expect(running.lines).toContain("agent:dev: DEBUG peek_plugin_tutorial._private.agent.AgentEntryHook:Unloaded");
  }, 300_000);
});

describe("the development supervisor", () => {
  it("has a plugin reloaded at each save, also after a mistake, and restarts the service when another file is saved", async () => {
    const workspace = await DevelopmentWorkspace.make();
    const home = await TestHome.at(await temporaryFolder(), "agent", { plugin: { enabled: ["peek_plugin_pump"] } });
    await home.writeConfig(JSON.stringify(serviceConfigSchema.parse(JSON.parse(await home.readConfig()))));
    await workspace.saveHook("let broken = ;");
    const args = ["scripts/dev.ts", "agent"];
    const env = { PEEK_HOME: home.base, FORCE_COLOR: "0" };
    await using running = new RunningProcess(process.execPath, { args, cwd: workspace.dir, env });
    await running.waitFor(/peek_plugin_pump failed in its import: .*AgentEntryHook\.ts:6: Expression expected/);
    const ready = /:Ready in /;
    await running.waitFor(ready);
    const changes = (): readonly string[] =>
      running.lines.flatMap((line) => {
        const change = /peek_plugin_pump: reload (\w+)(?:.* \(generation (\d+)\)$)?|AgentEntryHook:(load \w+)$/.exec(
          line,
        );
        return change?.[3] ?? (change === null ? [] : [[change[1], change[2]].join(" ").trim()]);
      });
    const expected: string[] = [];
    const becomes = async (...added: readonly string[]): Promise<void> => {
      expected.push(...added);
      await expect.poll(changes, { timeout: 90_000 }).toEqual(expected);
    };
    await workspace.saveHook('this.#logger.info("load one");');
    await becomes("load one", "done 2");
    await workspace.saveHook("let broken = ;");
    await becomes("refused");
    await running.waitFor(/reload refused: .* failed at \/.*\/src\/AgentEntryHook\.ts:6: Expression expected$/);
    await workspace.saveHook('throw new Error("no pump");');
    await becomes("load one", "reverted");
    await running.waitFor(/reload reverted: .*: no pump\. .* \(\/.*\/src\/AgentEntryHook\.ts:6\)$/);
    await workspace.saveHook('this.#logger.info("load two");');
    await becomes("load two", expect.stringMatching(/^done \d$/));
    await workspace.saveInPlugin("plugin_package.json", await workspace.readInPlugin("plugin_package.json"));
    await becomes("load two", expect.stringMatching(/^done \d$/));
    expect(count(running, ready)).toBe(1);

    await workspace.save("packages/peek-extra/index.ts", "");
    await becomes("load two");
    await workspace.saveInPlugin("package.json", await workspace.readInPlugin("package.json"));
    await becomes("load two");
    const config = await home.readConfig();
    await home.writeConfig("{");
    await running.waitFor(/dev: agent has ended \(78\)/);
    await home.writeConfig(config);
    await becomes("load two");
    running.kill("SIGINT");
    await running.ended;
  }, 300_000);
});

const readyLine = (service: string): RegExp =>
  new RegExp(`${service}:dev: INFO peek_${service}_service:Ready in .* \\d+ plugins? started`);

const reloadsIn = (running: RunningProcess): Readonly<Record<string, number>> =>
  Object.fromEntries(
    ["logic", "field", "office", "worker", "agent"].map((service) => [
      service,
      count(running, new RegExp(`^${service}:dev: INFO .*peek_plugin_tutorial: reload done in \\d+ ms`)),
    ]),
  );

const count = (running: RunningProcess, line: RegExp): number => running.lines.filter((each) => line.test(each)).length;

/** The warnings and errors; on a busy machine, the others may wait for logic so long that they warn. */
const warnings = (running: RunningProcess): readonly string[] =>
  running.lines.filter(
    (line) => /:dev: (?:WARNING|ERROR|CRITICAL) /.test(line) && !line.includes(":Still waiting for the logic service"),
  );

/** Saves a file by replacing it with a new one, as some editors do. */
async function save(file: string): Promise<void> {
  await copyFile(file, `${file}.saved`);
  await rename(`${file}.saved`, file);
}
