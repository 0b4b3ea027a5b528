import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./src/freePort.ts";
import { peek } from "./src/peekCommand.ts";
import type { PluginPackageOptions } from "./src/pluginPackage.ts";
import { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { workspaceDir } from "./src/workspace.ts";

const pump = "peek_plugin_pump";
const needy = "peek_plugin_needy";
const slow = "peek_plugin_slow";
const services = ["Logic", "Field"];
/** The new generations are watched for a moment only: these tests do not wait for it. */
const briefProbe = { deadlines: { probeSeconds: 0.2 } };

/** A plugin with a part for logic and one for field. */
function both(name: string, options: { readonly top?: string; readonly body?: string } = {}): PluginPackageOptions {
  const { top = "", body = "" } = options;
  const parts = services.map(
    (service) => `import { Plugin${service}EntryHookABC } from "@peek/plugin-base/${service.toLowerCase()}";
      export const peek${service}EntryHook = () => class extends Plugin${service}EntryHookABC {
        service = "${service.toLowerCase()}";
        load() {}
        stop() {}
        unload() {}
        async start() { ${body} }
      };`,
  );
  return { name, index: [...parts, top].join("\n"), manifest: { requiresServices: ["logic", "field"] } };
}

/** Does not go on until the file exists, on field. */
const waitsForFile = (file: string): string => `
  import { existsSync } from "node:fs";
  if (process.argv.join(" ").includes("field"))
    while (!existsSync(${JSON.stringify(file)})) await new Promise((resolve) => setTimeout(resolve, 20));`;

describe("plugins change on all running services", () => {
  const owned = new AsyncDisposableStack();
  let logicHome: TestHome;
  let fieldHome: TestHome;
  let logic: RunningProcess;
  let field: RunningProcess;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    const base = owned.use(await TestHome.make());
    const importGate = join(base.base, "import-gate");
    const all = [
      both(pump),
      { ...both(needy), manifest: { requiresServices: ["logic", "field"], dependencies: { peek_plugin_none: "*" } } },
      both(slow, { top: waitsForFile(importGate) }),
      both("peek_plugin_stuck", {
        body: `if (this.service === "field") await new Promise((resolve) => setTimeout(resolve, 50_000));`,
      }),
      both("peek_plugin_ill", { body: `if (this.service === "field") throw new Error("the pump is stuck");` }),
    ];
    logicHome = await base.beside(
      "logic",
      { httpServer: { dataExchange: { sitePort: port } }, plugin: briefProbe },
      all,
    );
    fieldHome = await base.beside("field", { dataExchange: { httpPort: port }, plugin: briefProbe }, all);
    for (const home of [logicHome, fieldHome]) await enableOnly(home, [pump]);
    logic = owned.use(await logicHome.start());
    await startField();
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  async function startField(): Promise<void> {
    field = owned.use(await fieldHome.start());
    await field.waitFor(/Connected to the logic service/);
  }

  async function enableOnly(home: TestHome, enabled: readonly string[]): Promise<void> {
    const config = JSON.parse(await home.readConfig()) as { plugin: object };
    await home.writeConfig(JSON.stringify({ ...config, plugin: { ...config.plugin, enabled } }));
  }

  async function enabledIn(home: TestHome): Promise<readonly string[]> {
    return (JSON.parse(await home.readConfig()) as { plugin: { enabled: readonly string[] } }).plugin.enabled;
  }

  const command = (...args: readonly string[]): RunningProcess =>
    owned.use(
      new RunningProcess(join(workspaceDir, "packages", "cli", "bin", "peek"), {
        args: ["plugin", ...args],
        env: { PEEK_HOME: logicHome.base },
      }),
    );
  const plugin = (...args: readonly string[]) => peek(logicHome.base, "plugin", ...args);
  const status = async (): Promise<string> => (await peek(logicHome.base, "status")).stdout;

  it("prints what a reload would stop, and stops nothing", async () => {
    const { code, stdout, stderr } = await plugin("reload", pump, "--dry-run");
    expect({ code, stdout }, stderr).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^logic-\w+: not changed; the change stops peek_plugin_pump\nfield-\w+: not changed; the change stops peek_plugin_pump\n$/,
      ),
    });
    expect(await status()).toMatch(/ peek_plugin_pump +1\.0\.0 +started$/m);
  });

  it("reloads a plugin on logic and field, in this order, with its progress", async () => {
    const { code, stdout, stderr } = await plugin("reload", pump);
    expect({ code, stdout }, stderr).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^logic-\w+: done, 1\.0\.0 \(1\) → 1\.0\.0 \(\d\)\nfield-\w+: done, 1\.0\.0 \(1\) → 1\.0\.0 \(\d\)\n$/,
      ),
    });
    expect(stderr).toMatch(/^peek: preparing on logic-\w+, field-\w+\n/);
    expect(stderr).toMatch(/prepared everywhere[^]*logic-\w+: stop\n[^]*logic-\w+: start\n[^]*field-\w+: stop\n/);
    expect((await status()).match(/ peek_plugin_pump +1\.0\.0 +started \(\d\)$/gm)).toHaveLength(2);
    await logic.waitFor(/reload of peek_plugin_pump by \S+ on \S+ done in \d+ ms \(logic-\w+ done, field-\w+ done\)/);
  });

  it("refuses a plugin with a missing dependency, and changes no config.json", async () => {
    const { code, stdout, stderr } = await plugin("enable", needy);
    expect(code).toBe(78);
    expect(stdout).toMatch(/logic-\w+: refused: DEPENDENCY_MISSING/);
    expect(stderr).toMatch(/^peek: enable refused: logic-\w+: .*peek_plugin_none/m);
    expect(await enabledIn(logicHome)).toEqual([pump]);
  });

  it("disables a plugin in the reverse order, and enables it again, in the files too", async () => {
    const disabled = await plugin("disable", pump);
    expect(disabled, disabled.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^field-\w+: done, 1\.0\.0 \(\d\) → not enabled\nlogic-\w+: done, .*\n$/),
    });
    expect(await enabledIn(logicHome)).toEqual([]);
    expect(await enabledIn(fieldHome)).toEqual([]);
    const enabled = await plugin("enable", pump);
    expect(enabled, enabled.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^logic-\w+: done, /) });
    expect(await enabledIn(logicHome)).toEqual([pump]);
    expect(await enabledIn(fieldHome)).toEqual([pump]);
    expect(await plugin("enable", pump)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^logic-\w+: peek_plugin_pump was already enabled\nfield-/),
    });
  });

  it("disables a plugin again where it was enabled, when it fails on another service", async () => {
    const { code, stdout, stderr } = await plugin("enable", "peek_plugin_ill");
    expect(code, stderr).toBe(75);
    expect(stdout).toMatch(/logic-\w+: reverted/);
    expect(stdout).toMatch(/field-\w+: reverted.*the pump is stuck/);
    expect(await enabledIn(logicHome)).toEqual([pump]);
    expect(await enabledIn(fieldHome)).toEqual([pump]);
  });

  it("changes nothing when a service is killed while it prepares; a second administrator waits for the first", async () => {
    const first = command("enable", slow);
    await first.waitForError(/field-\w+: prepare$/);
    const second = command("reload", pump, "--service", "logic");
    await second.waitForError(/waits for the enable of peek_plugin_slow by /);
    expect(await status()).toMatch(/CHANGE: field-\w+: enable of peek_plugin_slow, step prepare/);
    field.kill("SIGKILL");
    expect((await first.ended).code).toBe(78);
    expect(first.stdout).toMatch(/field-\w+: refused.*PEER_GONE/);
    expect(first.stdout).toMatch(/logic-\w+: not changed/);
    expect((await second.ended).code, second.stderr).toBe(0);
    expect(await enabledIn(logicHome)).toEqual([pump]);
    await startField();
  });

  it("undoes the rest when a service is killed while it commits", async () => {
    const enabling = command("enable", "peek_plugin_stuck");
    await enabling.waitForError(/field-\w+: start$/);
    field.kill("SIGKILL");
    expect((await enabling.ended).code).toBe(70);
    expect(enabling.stdout).toMatch(/field-\w+: failed.*PEER_GONE/);
    expect(enabling.stdout).toMatch(/logic-\w+: reverted/);
    expect(await enabledIn(logicHome)).toEqual([pump]);
    await startField();
  });

  it("cancels a change that is interrupted while services prepare it", async () => {
    const enabling = command("enable", slow);
    await enabling.waitForError(/field-\w+: prepare$/);
    enabling.kill("SIGINT");
    expect((await enabling.ended).code).toBe(130);
    await logic.waitFor(/enable of peek_plugin_slow by .* refused .*CHANGE_CANCELLED/);
    await writeFile(join(logicHome.base, "import-gate"), "");
    expect((await plugin("reload", pump)).code).toBe(0);
    await rm(join(logicHome.base, "import-gate"));
  });

  it("names a service that is away, and shows all changes in the history", async () => {
    await field.stop();
    const away = await plugin("disable", pump);
    expect(away, away.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^logic-\w+: done.*\nfield: does not run; peek_plugin_pump disabled for its next start\n$/,
      ),
    });
    expect(await enabledIn(fieldHome)).toEqual([]);
    const { stdout } = await plugin("history");
    expect(stdout).toMatch(/^BEGAN +CHANGE +PLUGIN +VERSIONS +BY +OUTCOME +MS +SERVICES\n/);
    expect(stdout).toMatch(/ reload +peek_plugin_pump +1\.0\.0 → 1\.0\.0 +\S+@/);
    expect(stdout).toMatch(/ enable +peek_plugin_ill +- +\S+@\S+ +reverted: HOOK_THREW /);
    expect(JSON.parse((await plugin("history", "--json")).stdout)).toMatchObject({
      changes: expect.arrayContaining([expect.objectContaining({ kind: "disable", outcome: "done" })]),
    });
  });

  it("shows the history after a restart of logic too, without damaged lines", async () => {
    const { stdout: before } = await plugin("history");
    const file = join(logicHome.dir, "plugin-changes.jsonl");
    await appendFile(file, `{"kind":"enable"}\n{`);
    await logic.stop();
    logic = owned.use(await logicHome.start());
    expect((await plugin("history")).stdout).toBe(before);
    await logic.waitFor(/plugin-changes\.jsonl has damaged lines, which are left out: 2$/);
    expect((await plugin("enable", pump)).code).toBe(0);
    expect((await readFile(file, "utf8")).trim().split("\n")).toHaveLength(before.trim().split("\n").length);
  });
});

it("a plugin that fails on logic while field runs it already is disabled on both", async () => {
  await using owned = new AsyncDisposableStack();
  const base = owned.use(await TestHome.make());
  const runsOnField = JSON.stringify(join(base.base, "runs-on-field"));
  const late = both("peek_plugin_late", {
    top: `import { existsSync, writeFileSync } from "node:fs";`,
    body: `if (this.service === "field") writeFileSync(${runsOnField}, "");
      else setInterval(() => { if (existsSync(${runsOnField})) throw new Error("the valve leaks"); }, 20).unref();`,
  });
  const port = await freePort();
  // Nobody waits for the watch on field, since the change is undone there.
  const longProbe = { deadlines: { probeSeconds: 3600 } };
  const site = { httpServer: { dataExchange: { sitePort: port } } };
  const logicHome = await base.beside("logic", { ...site, plugin: longProbe }, [late]);
  const fieldHome = await base.beside("field", { dataExchange: { httpPort: port }, plugin: longProbe }, [late]);
  for (const home of [logicHome, fieldHome]) {
    await home.writeConfig((await home.readConfig()).replace(`["${late.name}"]`, "[]"));
    const running = owned.use(await home.start());
    if (home === fieldHome) await running.waitFor(/Connected to the logic service/);
  }
  const { code, stdout, stderr } = await peek(base.base, "plugin", "enable", late.name);
  expect({ code, stdout }, stderr).toEqual({
    code: 75,
    stdout: expect.stringMatching(/^logic-\w+: reverted.*the valve leaks.*\nfield-\w+: reverted/),
  });
  for (const home of [logicHome, fieldHome]) expect(await home.readConfig()).not.toContain(late.name);
});

it("peek plugin reload says that logic does not run", async () => {
  await using home = await TestHome.with({});
  expect(await peek(home.base, "plugin", "reload", pump)).toEqual({
    code: 69,
    stdout: "",
    stderr: expect.stringMatching(/^peek: Logic does not run on this machine, so that nothing can be reloaded; /),
  });
  expect(await readFile(home.configFile, "utf8")).toContain('"enabled":[]');
});
