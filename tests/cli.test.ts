import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runToEnd, RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { workspaceDir } from "./src/workspace.ts";

const command = join(workspaceDir, "packages", "cli", "bin", "peek");

const peek = async (
  home: TestHome,
  ...args: readonly string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> => {
  const { ending, stdout, stderr } = await runToEnd(command, { args, env: { PEEK_HOME: home.base } });
  return { code: ending.code, stdout, stderr };
};

// packages/cli/test/commandLine.test.ts has the other commands and mistakes.
describe("the peek command", () => {
  it("prints its help", async () => {
    await using home = await TestHome.make();
    expect(await peek(home, "config", "set", "--help")).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringContaining("Usage: peek"),
    });
  });

  it("refuses a wrong command line with exit code 64", async () => {
    await using home = await TestHome.make();
    const { code, stdout, stderr } = await peek(home, "plugin", "list", "-s", "logic,feild");
    expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
    expect(stderr).toMatch(/^error: /);
  });
});

describe("peek config init", () => {
  it("makes the homes of all services, and keeps existing ones", async () => {
    await using home = await TestHome.make();
    await home.writeConfig('{"logging":{"level":"ERROR"}}');
    const { code, stdout } = await peek(home, "config", "init", "--json");
    expect(code).toBe(0);
    const made: unknown = JSON.parse(stdout);
    expect(made).toEqual(
      ["logic", "field", "office", "worker", "agent"].map((service) => ({
        service,
        configFile: join(home.base, `peek-${service}-service.home`, "config.json"),
        created: service !== "logic",
      })),
    );
    expect(JSON.parse(await home.readConfig())).toMatchObject({ logging: { level: "ERROR" } });
  });

  it("--dev enables the workspace's plugins", async () => {
    await using home = await TestHome.make();
    await peek(home, "config", "init", "logic", "--dev");
    expect(JSON.parse(await home.readConfig())).toMatchObject({
      logging: { level: "DEBUG" },
      plugin: { enabled: expect.arrayContaining(["peek_plugin_tutorial"]) },
    });
  });
});

describe("peek config check", () => {
  it("reports that there is no home to check", async () => {
    await using home = await TestHome.make();
    expect(await peek(home, "config", "check")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("peek config init"),
    });
  });

  it("accepts valid homes", async () => {
    await using home = await TestHome.with({ plugin: { enabled: ["peek_plugin_tutorial"] } });
    expect(await peek(home, "config", "check")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("logic: valid, 1 plugin to load"),
    });
  });

  it("lists every mistake in every home, exits with 78, and runs and changes nothing", async () => {
    await using home = await TestHome.with({ plugin: { enabled: ["peek_plugin_nowhere"] } }, [
      { name: "peek_plugin_broken", manifest: "{" },
      { name: "peek_plugin_fine", index: "throw new Error('was run');" },
      { name: "peek_plugin_needy", manifest: { dependencies: { peek_plugin_nothing: "*" } } },
    ]);
    const field = join(home.base, "peek-field-service.home");
    await mkdir(field);
    await writeFile(join(field, "config.json"), '{"logging":{"level":"LOUD"}}');
    const before = await home.readConfig();
    const { code, stdout } = await peek(home, "config", "check", "--json");
    expect(code).toBe(78);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        service: "logic",
        plugins: 1,
        mistakes: [
          expect.stringContaining("peek_plugin_nowhere has no package"),
          expect.stringContaining("is not JSON"),
          expect.stringContaining("depends on peek_plugin_nothing, which is not enabled"),
        ],
      },
      { service: "field", mistakes: [expect.stringContaining('"LOUD"')] },
    ]);
    expect(await home.readConfig()).toBe(before);
  });
});

describe("a plugin whose web module is not built", () => {
  const web = { dir: "web/dist", routes: [{ path: "", title: "Pumps" }] };
  const unbuilt = { name: "peek_plugin_pump", manifest: { admin: { web } } };
  const message =
    "peek_plugin_pump has no page: its folder web/dist is missing. Build the plugin, and reload it if it runs.";

  it("is reported by config check, plugin list and plugin enable, and is valid otherwise", async () => {
    await using home = await TestHome.with({}, [unbuilt]);
    expect(await peek(home, "config", "check")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`logic: valid, 1 plugin to load.*\n  warning: ${message}\n`)),
    });
    expect((await peek(home, "plugin", "list", "-s", "logic")).stdout).toContain(
      `peek_plugin_pump; warning: ${message}`,
    );
    expect(await peek(home, "plugin", "enable", "peek_plugin_pump")).toMatchObject({
      code: 0,
      stdout: `logic: peek_plugin_pump was already enabled\nlogic: warning: ${message}\n`,
    });
  });

  it("has no page on a site for whose service the plugin has no part", async () => {
    await using home = await TestHome.with({}, [{ ...unbuilt, manifest: { office: { web } } }]);
    expect((await peek(home, "plugin", "list", "-s", "logic")).stdout).toContain(
      "peek_plugin_pump has no page on the office site: plugin_package.json has office.web, but no office in requiresServices.",
    );
  });

  it("cannot be packed, also when package.json leaves the built module out", async () => {
    await using home = await TestHome.with({}, [unbuilt]);
    const dir = join(home.dir, "plugin-software", "node_modules", "peek-plugin-pump");
    const packageJson = { name: "peek-plugin-pump", version: "1.0.0", type: "module", exports: "./index.js" };
    const dependencies = { "@peek/plugin-base": "*" };
    await writeFile(join(dir, "package.json"), JSON.stringify({ ...packageJson, dependencies, files: ["index.js"] }));
    const pack = () => peek(home, "plugin", "pack", dir, "--out", home.base);
    expect(await pack()).toMatchObject({ code: 78, stderr: expect.stringContaining(message) });
    await mkdir(join(dir, "web", "dist"), { recursive: true });
    const built = { format: 1, plugin: "peek_plugin_pump", webApi: "1.0", module: "main.js" };
    await writeFile(join(dir, "web", "dist", "peek-web.json"), JSON.stringify(built));
    await writeFile(join(dir, "web", "dist", "main.js"), "export default {};");
    expect(await pack()).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('add web/dist to "files" in package.json'),
    });
    await writeFile(
      join(dir, "package.json"),
      JSON.stringify({ ...packageJson, dependencies, files: ["index.js", "web/dist"] }),
    );
    expect(await pack()).toMatchObject({ code: 0, stdout: expect.stringContaining("peek_plugin_pump 1.0.0") });
  });
});

describe("peek config get and set", () => {
  it("reads a value with a password from standard input, which other accounts cannot see", async () => {
    await using home = await TestHome.make();
    const url = "postgresql://peek:hidden@db/peek";
    const line = `echo '${url}' | '${command}' config set logic storage.connectUrl -`;
    expect((await runToEnd("sh", { args: ["-c", line], env: { PEEK_HOME: home.base } })).ending.code).toBe(0);
    expect(JSON.parse(await home.readConfig())).toMatchObject({ storage: { connectUrl: url } });
  });

  it("resets a value to its default, and prints a password only with --show-secrets", async () => {
    await using home = await TestHome.with({ storage: { connectUrl: "postgresql://peek:hidden@db/peek" } });
    const get = async (...options: readonly string[]): Promise<string> =>
      (await peek(home, "config", "get", "logic", "storage.connectUrl", ...options)).stdout;
    expect(await get()).toBe("postgresql://peek:[redacted]@db/peek\n");
    expect(await get("--show-secrets")).toBe("postgresql://peek:hidden@db/peek\n");
    expect((await peek(home, "config", "get", "logic")).stdout).not.toContain("hidden");
    expect(await peek(home, "config", "unset", "logic", "storage.connectUrl")).toMatchObject({ code: 0, stderr: "" });
    expect(await get()).toBe("null\n");
    expect(JSON.parse(await home.readConfig())).toMatchObject({ storage: { poolSize: 2 } });
    expect(await peek(home, "config", "unset", "logic", "storage.connectUrls")).toMatchObject({
      code: 64,
      stderr: expect.stringContaining("Did you mean storage.connectUrl?"),
    });
  });

  it("prints tokens and other passwords only with --show-secrets", async () => {
    const nats = { servers: ["nats://peek:hidden1@nats.example"], password: "hidden2", token: "hidden3" };
    await using home = await TestHome.with({ dataExchange: { token: "hidden4", nats } });
    const get = async (...args: readonly string[]): Promise<string> =>
      (await peek(home, "config", "get", "logic", ...args)).stdout;
    expect(await get("dataExchange.token")).toBe("[redacted]\n");
    expect(await get("dataExchange.token", "--json")).toBe('"[redacted]"\n');
    expect(JSON.parse(await get("dataExchange.nats"))).toMatchObject({
      servers: ["nats://peek:[redacted]@nats.example"],
      password: "[redacted]",
      token: "[redacted]",
    });
    expect(await get()).not.toContain("hidden");
    expect(await get("dataExchange.token", "--show-secrets")).toBe("hidden4\n");
    expect(JSON.parse(await get("--show-secrets"))).toMatchObject({ dataExchange: { token: "hidden4", nats } });
  });

  it("reads and changes one value, and keeps the rest of the file unchanged", async () => {
    await using home = await TestHome.make();
    await home.writeConfig('{\n  "note": "mine",\n  "logging": { "level": "INFO" }\n}\n');
    expect(await peek(home, "config", "set", "logic", "logging.level", "DEBUG")).toMatchObject({ code: 0, stderr: "" });
    expect(await peek(home, "config", "get", "logic", "logging.level")).toMatchObject({ code: 0, stdout: "DEBUG\n" });
    expect(await home.readConfig()).toContain('{\n  "note": "mine",\n');
    await peek(home, "config", "set", "logic", "plugin.enabled", '["peek_plugin_x"]');
    expect((await peek(home, "config", "get", "logic", "plugin.enabled")).stdout).toBe('[\n  "peek_plugin_x"\n]\n');
  });

  it.each([
    [
      "a wrong value",
      ["logic", "logging.level", "LOUD"],
      78,
      /^peek: logging\.level was not set: .*"LOUD"; expected one of/,
    ],
    [
      "an unknown key",
      ["logic", "logging.levle", "DEBUG"],
      64,
      /no key logging\.levle\. Did you mean logging\.level\?/,
    ],
  ])("refuses %s and keeps the file unchanged", async (_what, args, code, says) => {
    await using home = await TestHome.with({});
    await peek(home, "config", "init", "logic");
    const before = await home.readConfig();
    const refused = await peek(home, "config", "set", ...args);
    expect(refused.code).toBe(code);
    expect(refused.stderr).toMatch(says);
    expect(await home.readConfig()).toBe(before);
  });

  it("sets the level of one logger, whose name has dots", async () => {
    await using home = await TestHome.make();
    await peek(home, "config", "set", "logic", "logging.levels.peek_plugin_x._private", "DEBUG");
    expect(JSON.parse(await home.readConfig())).toMatchObject({
      logging: { levels: { "peek_plugin_x._private": "DEBUG" } },
    });
  });

  it("loses no change when several commands change the file at the same time", async () => {
    await using home = await TestHome.make();
    await peek(home, "config", "init", "logic");
    const names = Array.from({ length: 6 }, (_, index) => `peek_plugin_n${index}`);
    const ended = await Promise.all(
      names.map((name) => peek(home, "config", "set", "logic", `logging.levels.${name}`, "DEBUG")),
    );
    expect(ended.map(({ code }) => code)).toEqual(names.map(() => 0));
    const { logging } = JSON.parse(await home.readConfig());
    expect(logging.levels).toEqual(Object.fromEntries(names.map((name) => [name, "DEBUG"])));
  });

  it("says that a running service has to be restarted", async () => {
    await using home = await TestHome.make();
    await using running = await home.start();
    const { stderr } = await peek(home, "config", "set", "logic", "logging.level", "DEBUG");
    expect(stderr).toContain(`logic is running (process ${running.pid})`);
  });
});

describe("peek plugin", () => {
  it("lists, enables and disables plugins", async () => {
    await using home = await TestHome.make();
    expect((await peek(home, "plugin", "list")).stdout).toMatch(
      /^peek_plugin_tutorial +1\.0\.0 +logic,field,office,worker,agent +- +Tutorial$/m,
    );
    expect(await peek(home, "plugin", "enable", "peek_plugin_tutorial", "-s", "logic,field")).toMatchObject({
      code: 0,
    });
    expect((await peek(home, "plugin", "enable", "peek_plugin_tutorial", "-s", "logic")).stdout).toContain(
      "was already enabled",
    );
    const listed: unknown = JSON.parse((await peek(home, "plugin", "list", "--json")).stdout);
    expect(listed).toContainEqual(
      expect.objectContaining({ name: "peek_plugin_tutorial", version: "1.0.0", enabled: ["logic", "field"] }),
    );
    expect(await peek(home, "plugin", "disable", "peek_plugin_tutorial")).toMatchObject({ code: 0 });
    expect((await peek(home, "plugin", "list")).stdout).toMatch(/agent +- +Tutorial/);
    expect((await peek(home, "plugin", "disable", "peek_plugin_tutorial")).stdout).toContain("is not enabled");
  });

  it("disables a plugin that is no longer installed", async () => {
    await using home = await TestHome.with({ plugin: { enabled: ["peek_plugin_gone"] } });
    expect((await peek(home, "plugin", "list")).stdout).toMatch(
      /peek_plugin_gone .*mistake: peek_plugin_gone has no package/,
    );
    expect(await peek(home, "plugin", "disable", "peek_plugin_gone")).toMatchObject({ code: 0 });
    expect(JSON.parse(await home.readConfig())).toMatchObject({ plugin: { enabled: [] } });
  });

  it("enables a plugin on the services that have it installed", async () => {
    await using home = await TestHome.with({}, [
      { name: "peek_plugin_here", manifest: { requiresServices: ["logic", "field"] } },
    ]);
    await home.writeConfig("{}");
    expect(await peek(home, "plugin", "enable", "peek_plugin_here")).toMatchObject({
      code: 0,
      stdout: "logic: peek_plugin_here enabled\n",
    });
  });

  it("refuses to enable a plugin that is not installed, or has no part for the service", async () => {
    await using home = await TestHome.with({}, [{ name: "peek_plugin_for_logic" }]);
    expect(await peek(home, "plugin", "enable", "peek_plugin_nowhere")).toMatchObject({
      code: 78,
      stderr: expect.stringContaining("has no package"),
    });
    await mkdir(join(home.base, "peek-field-service.home"));
    await writeFile(
      join(home.base, "peek-field-service.home", "config.json"),
      JSON.stringify({ plugin: { softwarePath: join(home.dir, "plugin-software") } }),
    );
    const refused = await peek(home, "plugin", "enable", "peek_plugin_for_logic", "-s", "field");
    expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining("has no part for field") });
    expect(await readFile(join(home.base, "peek-field-service.home", "config.json"), "utf8")).not.toContain(
      "for_logic",
    );
  });
});

describe("peek run", () => {
  it("runs the service, and passes on its arguments, signals and exit code", async () => {
    await using home = await TestHome.with({ plugin: { enabled: ["peek_plugin_tutorial"] } });
    await using running = new RunningProcess(command, { args: ["run", "logic"], env: { PEEK_HOME: home.base } });
    await running.waitFor(/Ready in .* 1 plugin started/);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
    const help = await peek(home, "run", "field", "--", "--help");
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining("run_peek_field_service [options]") });
    await home.writeConfig("{");
    expect(await peek(home, "run", "logic")).toMatchObject({
      code: 78,
      stderr: expect.stringContaining("is not JSON"),
    });
  });
});
