import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configValue, editConfigValue, readConfig, serviceConfigSchema, setConfigValue } from "@peek/config";
import { caught } from "./caught.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const config = serviceConfigSchema.parse({ logging: { levels: { "peek_plugin_a.x": "DEBUG" } } });

function fileWith(text: string): string {
  const file = join(temporaryFolder(), "config.json");
  writeFileSync(file, text);
  return file;
}

const unknownPaths = [
  [["loging"], "loging", "logging"],
  [["logging", "levl"], "logging.levl", "logging.level"],
  [["plugin", "deadlines", "startSecond"], "plugin.deadlines.startSecond", "plugin.deadlines.startSeconds"],
  [["plugin", "Enabled"], "plugin.Enabled", "plugin.enabled"],
  [["something"], "something", undefined],
  [["loging", "level"], "loging", "logging"],
  [["plugin", "deadline", "stopSeconds"], "plugin.deadline", "plugin.deadlines"],
  [["__proto__"], "__proto__", undefined],
  [["constructor"], "constructor", undefined],
] as const;

describe("configValue", () => {
  it.each([
    [["logging", "level"], "INFO"],
    [["logging", "levels", "peek_plugin_a.x"], "DEBUG"],
    [["plugin", "enabled"], []],
    [["plugin", "deadlines", "stopSeconds"], 10],
    [["plugin", "deadlines"], config.plugin.deadlines],
    [[], config],
  ])("gives %j", (path, value) => {
    expect(configValue(config, path)).toEqual(value);
  });

  it.each(unknownPaths)("refuses %j", (path, text, nearest) => {
    const error = caught(() => configValue(config, path));
    expect(error).toMatchObject({ code: "CONFIG_KEY_UNKNOWN", exitCode: 64 });
    expect(error.message).toContain(`no key ${text}`);
    expect(error.message).toContain(nearest === undefined ? "reference of config.json" : `Did you mean ${nearest}?`);
  });
});

describe("setConfigValue", () => {
  it("changes one value and leaves every other byte", () => {
    const text = '{ "note":1,\n\t"logging" : {"level":"INFO" ,"format":"json"}}';
    const file = fileWith(text);
    setConfigValue(file, ["logging", "level"], "DEBUG");
    expect(readFileSync(file, "utf8")).toBe(text.replace('"INFO"', '"DEBUG"'));
  });

  it.each([
    [["plugin", "enabled"], ["peek_plugin_a"]],
    [["plugin", "deadlines", "stopSeconds"], 0.5],
    [["logging", "levels", "peek_plugin_a.b"], "ERROR"],
    [["logging", "levels"], { peek_plugin_a: "ERROR" }],
    [["logging", "timestamps"], true],
  ])("sets %j where the file does not have it", (path, value) => {
    const file = fileWith("{}");
    setConfigValue(file, path, value);
    const read = readConfig(file);
    expect(read?.unknownKeys).toEqual([]);
    expect(configValue(read?.config ?? config, path)).toEqual(value);
  });

  it("makes the file where there is none, for its owner alone", () => {
    const file = join(temporaryFolder(), "config.json");
    setConfigValue(file, ["logging", "level"], "DEBUG");
    expect(readConfig(file)?.config.logging.level).toBe("DEBUG");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is not kept from it by keys that are not known", () => {
    const file = fileWith('{"note": {"a": 1}}');
    setConfigValue(file, ["logging", "level"], "DEBUG");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ note: { a: 1 }, logging: { level: "DEBUG" } });
  });

  it.each(unknownPaths)("refuses %j and leaves the file", (path, text, nearest) => {
    const file = fileWith("{}");
    const error = caught(() => setConfigValue(file, path, "DEBUG"));
    expect(error.code).toBe("CONFIG_KEY_UNKNOWN");
    expect(error.message).toContain(`no key ${text}`);
    if (nearest !== undefined) expect(error.message).toContain(nearest);
    expect(readFileSync(file, "utf8")).toBe("{}");
  });

  it.each([
    ["a value that is not allowed", ["logging", "level"], "LOUD", "CONFIG_INVALID"],
    ["a value of the wrong type", ["plugin", "enabled"], "peek_plugin_a", "CONFIG_INVALID"],
    ["an object in place of a value", ["logging", "daysToKeep"], { days: 3 }, "CONFIG_INVALID"],
    ["a key within a value", ["logging", "level", "x"], 1, "CONFIG_KEY_UNKNOWN"],
    ["a key within a list", ["plugin", "enabled", "first"], "peek_plugin_a", "CONFIG_KEY_UNKNOWN"],
    ["an unknown key within a part", ["plugin"], { enabeld: [] }, "CONFIG_KEY_UNKNOWN"],
    ["a list as the whole", [], [], "CONFIG_INVALID"],
  ])("refuses %s and leaves the file", (_what, path, value, code) => {
    const text = '{"logging": {"level": "INFO"}, "plugin": {"enabled": ["peek_plugin_b"]}}';
    const file = fileWith(text);
    expect(caught(() => setConfigValue(file, path, value)).code).toBe(code);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("says so when it cannot be saved, and leaves no draft", () => {
    const dir = temporaryFolder();
    const file = join(dir, "gone", "config.json");
    expect(caught(() => setConfigValue(file, ["logging", "level"], "DEBUG"))).toMatchObject({
      code: "CONFIG_NOT_SAVED",
      exitCode: 78,
    });
    mkdirSync(join(dir, "gone"));
    expect(readdirSync(join(dir, "gone"))).toEqual([]);
  });
});

describe("editConfigValue, while somebody edits the file by hand", () => {
  const key = ["plugin", "enabled"];

  it("keeps both changes", () => {
    const file = fileWith(`{ "plugin": { "enabled": ["peek_plugin_a"] } }`);
    let asked = 0;
    editConfigValue(file, key, (before) => {
      asked += 1;
      if (asked === 1)
        writeFileSync(file, `{ "logging": { "level": "DEBUG" }, "plugin": { "enabled": ["peek_plugin_b"] } }`);
      return [...(before as string[]), "peek_plugin_c"];
    });
    const { config: saved } = readConfig(file) ?? {};
    expect([saved?.plugin.enabled, saved?.logging.level]).toEqual([["peek_plugin_b", "peek_plugin_c"], "DEBUG"]);
    expect(readdirSync(join(file, ".."))).toEqual(["config.json"]);
  });

  it("gives up when the file is edited each time, and leaves it as it is", () => {
    const file = fileWith("{}");
    let edits = 0;
    const error = caught(() =>
      editConfigValue(file, key, () => {
        edits += 1;
        writeFileSync(file, `{ "plugin": { "enabled": ["peek_plugin_${edits}"] } }`);
        return [];
      }),
    );
    expect(error.code).toBe("CONFIG_NOT_SAVED");
    expect(readConfig(file)?.config.plugin.enabled).toEqual([`peek_plugin_${edits}`]);
  });
});
