import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceConfigInput } from "@peek/config";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./src/freePort.ts";
import { peek } from "./src/peekCommand.ts";
import type { PluginPackageOptions } from "./src/pluginPackage.ts";
import { TestHome } from "./src/TestHome.ts";

const plugins: readonly PluginPackageOptions[] = [
  { name: "peek_plugin_well" },
  { name: "peek_plugin_ill", body: `start() { throw new Error("the pump is stuck"); }` },
  { name: "peek_plugin_behind", manifest: { dependencies: { peek_plugin_ill: "*" } } },
];

describe("peek status", () => {
  const owned = new AsyncDisposableStack();
  let base: TestHome;
  let port: number;

  beforeAll(async () => {
    base = owned.use(await TestHome.make());
    port = await freePort();
    const logic = await base.beside("logic", { httpServer: { dataExchange: { sitePort: port } } }, plugins);
    const agent = await base.beside("agent", { dataExchange: { httpPort: port } });
    const running = [owned.use(logic.run()), owned.use(agent.run())];
    await Promise.all(running.map((process) => process.waitFor(/:Ready in /)));
    await running[1]?.waitFor(/Connected to the logic service/);
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  /** The home of an agent on another machine. */
  const elsewhere = async (config: ServiceConfigInput): Promise<TestHome> =>
    owned.use(await TestHome.with(config, [], "agent"));

  it("shows each service with its plugins in a table", async () => {
    const { code, stdout, stderr } = await peek(base.base, "status");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [table = "", load = ""] = stdout.trimEnd().split("\n\n");
    const [heads, ...rows] = table.split("\n");
    expect(heads).toMatch(/^SERVICE +INSTANCE +VERSION +CONNECTED SINCE +ADDRESS +PLUGIN +VERSION +STATE$/);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/^logic +logic-\w{10} +\d+\.\d+\.\d+ +\d{4}-\d\d-\d\dT[\d:]{8} +\S+ +peek_plugin_\w+ /);
    expect(rows.join("\n")).toMatch(/ peek_plugin_well +1\.0\.0 +started$/m);
    expect(rows.join("\n")).toMatch(/ peek_plugin_ill +1\.0\.0 +failed: HOOK_THREW, the pump is stuck$/m);
    expect(rows.join("\n")).toMatch(/ peek_plugin_behind +1\.0\.0 +blocked by peek_plugin_ill$/m);
    expect(rows[3]).toMatch(/^agent +agent-\w{10} +\S+ +\S+ +127\.0\.0\.1 +- +- +no plugin$/);
    expect(load).toMatch(/^CALLS OF +PENDING +WAITING +RUNNING +QUEUED\nlogic-/);
  });

  it("prints the same as JSON, with the credential of any service", async () => {
    for (const args of [["--json"], ["--json", "--as", "agent"], ["--json", "--as", "logic", "--timeout", "10"]]) {
      const { code, stdout, stderr } = await peek(base.base, "status", ...args);
      expect({ code, stderr }, args.join(" ")).toEqual({ code: 0, stderr: "" });
      const status: unknown = JSON.parse(stdout);
      expect(status).toMatchObject([
        {
          peer: { service: "logic", instance: expect.stringMatching(/^logic-/), serves: expect.any(Array) },
          status: {
            service: "logic",
            pid: expect.any(Number),
            plugins: expect.arrayContaining([
              expect.objectContaining({ name: "peek_plugin_well", state: "started" }),
              expect.objectContaining({
                name: "peek_plugin_ill",
                state: "failed",
                error: { code: "HOOK_THREW", message: "the pump is stuck", hook: "start" },
              }),
              expect.objectContaining({ name: "peek_plugin_behind", state: "blocked", blockedBy: "peek_plugin_ill" }),
            ]),
          },
        },
        { peer: { service: "agent" }, status: { service: "agent", plugins: [] } },
      ]);
    }
  });

  it("warns about different versions of a plugin, and about installed versions that do not run yet", async () => {
    const exchange = await freePort();
    const pump = "peek_plugin_pump";
    const both = { requiresServices: ["logic", "agent"] };
    const index = `import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
      import { PluginAgentEntryHookABC } from "@peek/plugin-base/agent";
      const hook = (Base) => class extends Base { load() {} start() {} stop() {} unload() {} };
      export const peekLogicEntryHook = () => hook(PluginLogicEntryHookABC);
      export const peekAgentEntryHook = () => hook(PluginAgentEntryHookABC);`;
    const home = owned.use(await TestHome.make());
    const logicHome = await home.beside("logic", { httpServer: { dataExchange: { sitePort: exchange } } }, [
      { name: pump, index, manifest: both },
    ]);
    const agentHome = await home.beside("agent", { dataExchange: { httpPort: exchange } }, [
      { name: pump, index, manifest: both, version: "1.1.0" },
    ]);
    const logic = owned.use(logicHome.run());
    const agent = owned.use(agentHome.run());
    await Promise.all([logic, agent].map((process) => process.waitFor(/:Ready in /)));
    await agent.waitFor(/Connected to the logic service/);
    const { stdout } = await peek(home.base, "status");
    expect(stdout).toContain(
      `WARNING: ${pump} has different versions: 1.0.0 on logic; 1.1.0 on agent. Run peek plugin upgrade ${pump} with one version for all services.`,
    );
    expect(stdout).not.toContain("restart pending");
    const manifest = join(logicHome.dir, "plugin-software/node_modules/peek-plugin-pump/package.json");
    await writeFile(manifest, JSON.stringify({ name: "peek-plugin-pump", version: "1.1.0", exports: "./index.js" }));
    const after = await peek(home.base, "status");
    expect(after.stdout).toMatch(/WARNING: restart pending: logic-\w{10} runs peek_plugin_pump 1\.0\.0, /);
    expect((await peek(home.base, "config", "check")).stdout).toMatch(
      /package\.json says version 1\.1\.0, and .*plugin_package\.json says plugin\.version 1\.0\.0/,
    );
  });

  it("does not appear among the services, and leaves no files behind", async () => {
    await peek(base.base, "status", "--as", "agent");
    const { stdout } = await peek(base.base, "status", "--json");
    expect(JSON.parse(stdout)).toHaveLength(2);
  });

  it("works from another machine, with a token", async () => {
    const token = (await peek(base.base, "token", "create", "agent")).stdout.trim();
    const home = await elsewhere({ dataExchange: { httpPort: port, token } });
    const { code, stdout, stderr } = await peek(home.base, "status");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^logic +logic-\w{10} +\S+ +\S+ +127\.0\.0\.1 /m);
  });

  it("exits with 69 and the reason when its token is refused", async () => {
    const other = owned.use(await TestHome.make());
    const token = (await peek(other.base, "token", "create", "agent")).stdout.trim();
    const home = await elsewhere({ dataExchange: { httpPort: port, token } });
    const { code, stdout, stderr } = await peek(home.base, "status", "--timeout", "1");
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    expect(stderr).toMatch(
      /The services cannot be reached within 1 s: it refuses this service: its token \w{8} is not known/,
    );
    expect(stderr).not.toContain(token.slice(-43));
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it("exits with 69 and the reason when logic does not listen", async () => {
    const home = await elsewhere({ dataExchange: { httpPort: await freePort(), token: await anyToken() } });
    const { code, stdout, stderr } = await peek(home.base, "status", "--timeout", "0.5");
    expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
    expect(stderr).toMatch(/The services cannot be reached within 0\.5 s: nothing listens there/);
    expect(stderr.trimEnd().split("\n").length, stderr).toBeLessThanOrEqual(2);
  });

  it("reports a missing token", async () => {
    const home = await elsewhere({ dataExchange: { httpPort: port } });
    const { code, stderr } = await peek(home.base, "status", "--timeout", "0.5");
    expect(code).toBe(69);
    expect(stderr).toMatch(/token/);
    expect(stderr).toMatch(/peek token create agent/);
  });

  it("requires a home, and does not make one", async () => {
    const home = owned.use(await TestHome.make("agent"));
    for (const args of [[], ["--as", "agent"]]) {
      const { code, stdout, stderr } = await peek(home.base, "status", ...args);
      expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
      expect(stderr).toMatch(/has (a|no) home on this machine/);
    }
    await expect(stat(home.dir)).rejects.toThrow("ENOENT");
  });

  async function anyToken(): Promise<string> {
    return (await peek(base.base, "token", "create", "agent")).stdout.trim();
  }
});
