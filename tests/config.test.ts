import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "./src/temporaryFolder.ts";
import { TestHome } from "./src/TestHome.ts";

const permissions = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);

describe("a service without a home", () => {
  it("makes the home with defaults, for its account alone, and runs", async () => {
    await using home = await TestHome.make();
    await using running = await home.start();
    expect(await permissions(home.dir)).toBe("700");
    expect(await permissions(home.configFile)).toBe("600");
    expect(JSON.parse(await home.readConfig())).toMatchObject({ logging: { level: "INFO" }, plugin: { enabled: [] } });
    expect(await running.stop()).toEqual({ code: 0, signal: null });
  });

  it("reports when it cannot make the home", async () => {
    await using home = await TestHome.make();
    await writeFile(home.dir, "not a folder");
    await using running = home.run();
    expect(await running.ended).toEqual({ code: 78, signal: null });
    expect(running.stderr).toContain(home.dir);
    expect(running.stderr).toContain("it is a file");
  });
});

describe("a home that others can enter", () => {
  it("causes a warning, and stores no compiled code", async () => {
    await using home = await TestHome.make();
    await mkdir(home.dir, { mode: 0o755 });
    await chmod(home.dir, 0o755);
    // The tests share a cache, which the service would use instead of its own.
    const env = { NODE_COMPILE_CACHE: undefined };
    await (await home.start({ env })).stop();
    await using running = await home.start({ env });
    await running.stop();
    expect(running.stdout).toContain(`WARNING peek_logic_service:Other accounts can enter ${home.dir} (mode 755)`);
    expect(await readdir(home.dir)).not.toContain("cache");
  });
});

describe("an incomplete config.json", () => {
  it("is filled in and saved, and keeps its values", async () => {
    await using home = await TestHome.make();
    await home.writeConfig('{"plugin":{"enabled":["peek_plugin_tutorial"]}}');
    await using running = await home.start();
    await running.stop();
    const saved: unknown = JSON.parse(await home.readConfig());
    expect(saved).toMatchObject({
      logging: { level: "INFO", daysToKeep: 14, logToStdout: true },
      plugin: { enabled: ["peek_plugin_tutorial"], softwarePath: "plugin-software" },
    });
  });

  it("keeps unknown keys, and a warning names the nearest known key", async () => {
    await using home = await TestHome.make();
    await home.writeConfig('{"plugin":{"enabeld":["x"]},"loging":{"level":"DEBUG"},"myNote":1}');
    await using running = await home.start();
    await running.stop();
    expect(JSON.parse(await home.readConfig())).toMatchObject({
      plugin: { enabeld: ["x"] },
      loging: { level: "DEBUG" },
      myNote: 1,
    });
    const warnings = running.lines.filter((line) => line.startsWith("WARNING"));
    expect(warnings).toEqual([
      expect.stringMatching(/plugin\.enabeld, .*did you mean plugin\.enabled\?$/),
      expect.stringMatching(/loging, .*did you mean logging\?$/),
      expect.stringMatching(/an unknown key myNote, which is kept$/),
    ]);
  });

  it("is not written when it is complete", async () => {
    await using home = await TestHome.make();
    await (await home.start()).stop();
    const before = await stat(home.configFile);
    await (await home.start()).stop();
    expect((await stat(home.configFile)).ino).toBe(before.ino);
  });
});

describe("an invalid config.json", () => {
  // packages/config/test/configMistakes.test.ts has each mistake, with its message.
  it.each([
    ["malformed", '{\n  "logging": {\n    "level": "DEBUG"\n    "daysToKeep": 3 } }', [/line 4, column 5/, /comma/]],
    [
      "with a wrong type",
      '{\n "plugin": { "enabled": "peek_plugin_x" } }',
      [/line 2, plugin\.enabled: is "peek_plugin_x"; expected a list/, /"enabled": \["peek_plugin_tutorial"\]/],
    ],
  ])("%s causes exit code 78 and one clear message, and stays unchanged", async (_what, text, patterns) => {
    await using home = await TestHome.make();
    await home.writeConfig(text);
    await using running = home.run();
    expect(await running.ended).toEqual({ code: 78, signal: null });
    expect(running.stderr).toContain(home.configFile);
    for (const pattern of patterns) expect(running.stderr).toMatch(pattern);
    expect(running.stderr).not.toMatch(/\n\s+at /);
    expect(running.stdout).toBe("");
    expect(await home.readConfig()).toBe(text);
  });

  it.runIf(process.getuid?.() === 0)("is refused if its account may not read it", async () => {
    await using home = await TestHome.make();
    await home.writeConfig("{}");
    await chmod(home.base, 0o755);
    await chown(home.dir, 65_534, 65_534);
    await chmod(home.configFile, 0o000);
    await using running = home.run({ uid: 65_534 });
    expect(await running.ended).toEqual({ code: 78, signal: null });
    expect(running.stderr).toMatch(/cannot be read: EACCES/);
  });
});

describe("PEEK_HOME", () => {
  it("defaults to the account's home folder", async () => {
    const account = await temporaryFolder();
    await using home = await TestHome.make();
    await using running = home.run({ env: { PEEK_HOME: undefined, HOME: account } });
    await running.waitFor(/:Ready in /);
    await running.stop();
    expect(await readFile(join(account, "peek-logic-service.home", "config.json"), "utf8")).toContain("logging");
  });
});

describe("the log", () => {
  it("is written to a file in the home, with date and time", async () => {
    await using home = await TestHome.with({ logging: { logToStdout: false } });
    await using running = home.run();
    const file = join(home.dir, "log", "peek-logic-service.log");
    await expect.poll(() => readFile(file, "utf8").catch(() => ""), { timeout: 60_000 }).toMatch(/Ready in/);
    await running.stop();
    const text = await readFile(file, "utf8");
    expect(text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO peek_logic_service:/);
    expect(text).toMatch(/INFO peek_logic_service:Stopped\n$/);
    expect(await permissions(file)).toBe("600");
    expect(running.stdout).toBe("");
  });

  it("has one JSON object per line with the format json", async () => {
    await using home = await TestHome.with({ logging: { format: "json" } });
    await using running = home.run();
    await running.waitFor(/Ready in/);
    await running.stop();
    const records = running.lines.map((line): unknown => JSON.parse(line));
    expect(records).toContainEqual(
      expect.objectContaining({ level: "INFO", name: "peek_logic_service", msg: "Stopped" }),
    );
  });

  it("has levels for single loggers", async () => {
    await using home = await TestHome.with({
      logging: { level: "WARNING", levels: { peek_plugin_tutorial: "DEBUG" } },
      plugin: { enabled: ["peek_plugin_tutorial"] },
    });
    await using running = home.run();
    await running.waitFor(/LogicEntryHook:Started/);
    await running.stop();
    expect(running.lines.filter((line) => !line.includes("peek_plugin_tutorial._private"))).toEqual([]);
  });
});
