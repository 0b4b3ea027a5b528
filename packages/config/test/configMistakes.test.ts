import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig, readConfig, setConfigValue } from "@peek/config";
import { caught } from "./caught.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const actions = [
  ["loadConfig", (file: string) => loadConfig(file)],
  ["readConfig", (file: string) => readConfig(file)],
  ["setConfigValue", (file: string) => setConfigValue(file, ["logging", "level"], "INFO")],
] as const;

const lines = (...text: readonly string[]): string => text.join("\n");

describe.each(actions)("%s refuses a file that", (_name, action) => {
  it.each([
    ["is empty", "", "CONFIG_MALFORMED", ["is empty", "For example: {"]],
    ["holds white space alone", " \n\t\n", "CONFIG_MALFORMED", ["is empty"]],
    [
      "has a comma too many",
      lines("{", '  "logging": {', '    "level": "INFO",', "  }", "}"),
      "CONFIG_MALFORMED",
      ["line 4, column 3", "expected a name in double quotes", '"}"'],
    ],
    [
      "has a comma too few",
      lines("{", '  "a": 1', '  "b": 2', "}"),
      "CONFIG_MALFORMED",
      ["line 3, column 3", "expected a comma", '"\\"b\\""'],
    ],
    [
      "has a comment",
      lines("{", "  // mine", '  "a": 1', "}"),
      "CONFIG_MALFORMED",
      ["line 2, column 3", "comments are not allowed"],
    ],
    ["has single quotes", "{'a': 1}", "CONFIG_MALFORMED", ["line 1, column 2", "double quotes", "'a'"]],
    ["breaks off", '{"logging": {', "CONFIG_MALFORMED", ["line 1, column 14", "the end of the file"]],
    ["goes on after its end", "{}\n{}", "CONFIG_MALFORMED", ["line 2, column 1", "nothing more after the end"]],
    ["is cut off within text", '{"a": "b', "CONFIG_MALFORMED", ["line 1, column 7", "closing quote is missing"]],
    ["has lines that end in CRLF", '{\r\n"a": tru\r\n}', "CONFIG_MALFORMED", ["line 2, column 6", "tru"]],
    [
      "is not UTF-8",
      Buffer.from(lines("{", '  "logging": { "level": "INFO" },', '  "x": "/srv/J\u00fcrgen"', "}"), "latin1"),
      "CONFIG_MALFORMED",
      ["it is not UTF-8: line 3 has 0xFC as its byte 15 (byte 51 of the file)", "ISO 8859-1", "Save it as UTF-8"],
    ],
    [
      "breaks off within a character",
      Buffer.from('{ "x": "\u00fc').subarray(0, -1),
      "CONFIG_MALFORMED",
      ["it is not UTF-8: line 1 has 0xC3 as its byte 9"],
    ],
    [
      "is UTF-16 as PowerShell writes it",
      Buffer.from("\uFEFF{}\r\n", "utf16le"),
      "CONFIG_MALFORMED",
      ["it is UTF-16 (little endian), as PowerShell's > writes it, and not UTF-8"],
    ],
    ["is UTF-16 without a mark", Buffer.from("{}", "utf16le"), "CONFIG_MALFORMED", ["it is UTF-16 (little endian)"]],
    [
      "is UTF-16 of the other order",
      Buffer.from("\uFEFF{}", "utf16le").swap16(),
      "CONFIG_MALFORMED",
      ["it is UTF-16 (big endian)"],
    ],
    [
      "has a key twice",
      lines("{", '  "logging": { "level": "INFO" },', '  "plugin": {},', '  "logging": { "level": "DEBUG" }', "}"),
      "CONFIG_MALFORMED",
      ["has logging twice, again on line 4"],
    ],
    [
      "has a key twice further in",
      lines("{", '  "logging": { "level": "INFO",', '  "level": "DEBUG" }', "}"),
      "CONFIG_MALFORMED",
      ["has logging.level twice, again on line 3"],
    ],
    [
      "has a URL of another database",
      '{"storage": {"connectUrl": "mysql://peek:hidden@db/peek"}}',
      "CONFIG_INVALID",
      ["line 1, storage.connectUrl", "not shown", "postgresql://user:password@host:5432/database"],
    ],
    [
      "has a URL whose password is not escaped",
      '{"storage": {"connectUrl": "postgresql://peek:hi@dd/en@localhost:5432/peek"}}',
      "CONFIG_INVALID",
      ["not shown", "@ and / in the password as %40 and %2F"],
    ],
    [
      "has a URL with an sslmode that there is not",
      '{"storage": {"connectUrl": "postgresql://peek:hidden@db/peek?sslmode=alow"}}',
      "CONFIG_INVALID",
      ["storage.connectUrl", "?sslmode= being disable, require, verify-ca, verify-full"],
    ],
    [
      "has a port that there is not",
      '{"httpServer": {"dataExchange": {"sitePort": 70000}}}',
      "CONFIG_INVALID",
      ["httpServer.dataExchange.sitePort: is 70000", "at most 65535", '{ "sitePort": 8011 }'],
    ],
    [
      "has a heartbeat without a pause",
      '{"dataExchange": {"heartbeatSeconds": 0}}',
      "CONFIG_INVALID",
      ["dataExchange.heartbeatSeconds: is 0", "at least 0.1"],
    ],
    [
      "switches TLS on without a certificate",
      lines("{", '"httpServer": {"dataExchange": {', '"useSsl": true}}}'),
      "CONFIG_INVALID",
      [
        "line 2, httpServer.dataExchange.sslBundleFilePath: is missing",
        "expected a PEM file with certificate and private key, which useSsl needs: set this first",
        '{ "sslBundleFilePath": "tls/bundle.pem" }',
      ],
    ],
    [
      "has mutual TLS without authorities",
      '{"httpServer": {"dataExchange": {"useSsl": true, "sslBundleFilePath": "x.pem", "sslEnableMutualTLS": true}}}',
      "CONFIG_INVALID",
      ["sslMutualTLSCertificateAuthorityBundleFilePath: is missing", "which sslEnableMutualTLS needs"],
    ],
    [
      "has mutual TLS without TLS",
      '{"httpServer": {"dataExchange": {"sslEnableMutualTLS": true, "sslMutualTLSCertificateAuthorityBundleFilePath": "x"}}}',
      "CONFIG_INVALID",
      ["httpServer.dataExchange.sslEnableMutualTLS: is true; expected false as long as useSsl is not true"],
    ],
    [
      "has mutual TLS without TLS on the side that connects",
      '{"dataExchange": {"sslEnableMutualTLS": true, "sslClientBundleFilePath": "x.pem"}}',
      "CONFIG_INVALID",
      ["dataExchange.sslEnableMutualTLS: is true; expected false as long as useSsl is not true"],
    ],
    [
      "has mutual TLS without a certificate to show",
      '{"dataExchange": {"useSsl": true, "sslEnableMutualTLS": true}}',
      "CONFIG_INVALID",
      ["dataExchange.sslClientBundleFilePath: is missing", "which sslEnableMutualTLS needs"],
    ],
    ["is a list", "[]", "CONFIG_INVALID", ["the file as a whole", "is []", "an object { }"]],
    ["is null", "null", "CONFIG_INVALID", ["the file as a whole", "is null", "an object { }"]],
    [
      "has an unknown level",
      lines("{", '  "logging": {', '    "level": "WARN"', "  }", "}"),
      "CONFIG_INVALID",
      [
        "line 3, logging.level",
        'is "WARN"',
        'one of "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"',
        'For example: "logging": { "level": "INFO" }',
      ],
    ],
    [
      "has a level of an unknown name for one logger",
      '{"logging": {"levels": {"peek_plugin_x": "debug"}}}',
      "CONFIG_INVALID",
      ["line 1, logging.levels.peek_plugin_x", 'is "debug"', '"peek_plugin_tutorial":"DEBUG"'],
    ],
    [
      "has text for a number",
      '{"logging": {"daysToKeep": "14"}}',
      "CONFIG_INVALID",
      ["logging.daysToKeep", 'is "14"', "expected a number", '{ "daysToKeep": 14 }'],
    ],
    [
      "has a fraction for a whole number",
      '{"logging": {"daysToKeep": 1.5}}',
      "CONFIG_INVALID",
      ["logging.daysToKeep", "is 1.5", "expected a whole number"],
    ],
    [
      "has a number that is too small",
      '{"logging": {"daysToKeep": 0}}',
      "CONFIG_INVALID",
      ["is 0", "a number of at least 1"],
    ],
    [
      "has a number that is too large",
      '{"logging": {"daysToKeep": 9999}}',
      "CONFIG_INVALID",
      ["is 9999", "a number of at most 3650"],
    ],
    [
      "has a deadline of no time",
      '{"plugin": {"deadlines": {"stopSeconds": 0}}}',
      "CONFIG_INVALID",
      ["plugin.deadlines.stopSeconds", "is 0", "more than 0", '"stopSeconds": 10'],
    ],
    [
      "has text for true or false",
      '{"logging": {"timestamps": "yes"}}',
      "CONFIG_INVALID",
      ["logging.timestamps", 'is "yes"', "true or false"],
    ],
    [
      "has text for a list",
      lines("{", '"plugin":', '{ "enabled": "peek_plugin_a" }}'),
      "CONFIG_INVALID",
      ["line 3, plugin.enabled", 'is "peek_plugin_a"', "a list [ ]", '"enabled": ["peek_plugin_tutorial"]'],
    ],
    [
      "has a number in a list of names",
      lines('{"plugin": {"enabled": [', '"peek_plugin_a",', "7]}}"),
      "CONFIG_INVALID",
      ["line 3, plugin.enabled[1]", "is 7", "text in double quotes"],
    ],
    ["has null for an object", '{"logging": null}', "CONFIG_INVALID", ["line 1, logging", "is null", "an object { }"]],
    [
      "has an empty folder",
      '{"plugin": {"dataPath": ""}}',
      "CONFIG_INVALID",
      ["plugin.dataPath", 'is ""', "at least 1", '"plugin-data"'],
    ],
  ])("%s", (_what, content, code, parts) => {
    const file = join(temporaryFolder(), "config.json");
    writeFileSync(file, content);
    const before = { bytes: readFileSync(file), inode: statSync(file).ino };

    const error = caught(() => action(file));

    expect(error).toMatchObject({ code, exitCode: 78, fields: { file } });
    expect(error.message).toContain(file);
    expect(error.message).toContain("The file is unchanged.");
    for (const part of parts) expect(error.message).toContain(part);
    expect(error.message).not.toMatch(/^\s+at /m);
    expect({ bytes: readFileSync(file), inode: statSync(file).ino }).toEqual(before);
    expect(readdirSync(join(file, ".."))).toEqual(["config.json"]);
  });

  it.each([
    ["is a folder", (file: string) => mkdirSync(file), "it is a folder, not a file"],
    ["is a pipe", (file: string) => execFileSync("mkfifo", [file]), "it is not a plain file"],
    ["is a device", (file: string) => symlinkSync("/dev/zero", file), "it is not a plain file"],
    ["is a link to itself", (file: string) => symlinkSync("config.json", file), "ELOOP"],
    ["is in a file instead of a folder", (file: string) => writeFileSync(join(file, ".."), ""), "ENOTDIR"],
    [
      "is larger than 1 MiB",
      (file: string) => {
        writeFileSync(file, "{}");
        truncateSync(file, 1024 * 1024 + 1);
      },
      "it has 1048577 bytes; the limit is 1048576",
    ],
  ])("%s", (_what, make, why) => {
    const dir = temporaryFolder();
    if (why !== "ENOTDIR") mkdirSync(join(dir, "home"));
    const file = join(dir, "home", "config.json");
    make(file);
    const error = caught(() => action(file));
    expect(error).toMatchObject({ code: "CONFIG_UNREADABLE", exitCode: 78, fields: { file } });
    expect(error.message).toContain(`${file} cannot be read: `);
    expect(error.message).toContain(why);
    expect(error.message).not.toContain("\n");
    if (why !== "ENOTDIR") expect(readdirSync(join(dir, "home"))).toEqual(["config.json"]);
  });
});

describe("a secret", () => {
  it.each([
    ["a token that is no text", '{"dataExchange": {"token": ["hidden"]}}'],
    ["a token that is a number", '{"dataExchange": {"token": 4711}}'],
    ["a token that is too long", `{"dataExchange": {"token": "hidden${"x".repeat(5000)}"}}`],
    ["a password that is no text", '{"dataExchange": {"nats": {"password": {"a": "hidden"}}}}'],
    ["a URL among servers", `{"dataExchange": {"nats": {"servers": ["nats://u:hidden@h/${"x".repeat(1000)}"]}}}`],
    ["a part with a token that is a list", '{"dataExchange": [{"token": "hidden"}]}'],
    ["a part with a URL that is a list", '{"storage": [[{"connectUrl": "postgresql://u:hidden@h/d"}]]}'],
    ["a switch that holds a token", '{"dataExchange": {"useSsl": {"token": "hidden"}}}'],
  ])("is not shown where it is %s", (_what, content) => {
    const file = join(temporaryFolder(), "config.json");
    writeFileSync(file, content);
    const error = caught(() => loadConfig(file));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message + JSON.stringify(error.fields)).not.toMatch(/hidden|4711/);
    expect(caught(() => setConfigValue(file, ["logging", "level"], "INFO")).message).not.toMatch(/hidden|4711/);
  });

  it("is not shown where it is being set", () => {
    const file = join(temporaryFolder(), "config.json");
    const error = caught(() => setConfigValue(file, ["dataExchange", "nats", "token"], 4711));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).not.toContain("4711");
  });
});

describe("several mistakes", () => {
  it("are all told, each on a line of its own", () => {
    const file = join(temporaryFolder(), "config.json");
    writeFileSync(file, '{"logging": {"level": 1, "format": "xml"}, "plugin": {"enabled": {}}}');
    const error = caught(() => loadConfig(file));
    expect(error.message.split("\n")).toHaveLength(5);
    expect(error.fields["mistakes"]).toHaveLength(3);
  });

  it("are reported without the keys that are not known", () => {
    const file = join(temporaryFolder(), "config.json");
    writeFileSync(file, '{"loging": {}, "logging": {"level": 1}}');
    expect(caught(() => loadConfig(file)).fields["mistakes"]).toHaveLength(1);
  });

  it("are cut off after ten", () => {
    const file = join(temporaryFolder(), "config.json");
    writeFileSync(file, JSON.stringify({ plugin: { enabled: Array.from({ length: 25 }, () => 1) } }));
    const mistakes = caught(() => loadConfig(file)).fields["mistakes"];
    expect(mistakes).toHaveLength(11);
    expect(mistakes).toContain("and 15 more");
  });
});

it("a file of exactly 1 MiB is read", () => {
  const file = join(temporaryFolder(), "config.json");
  writeFileSync(file, "{}".padEnd(1024 * 1024));
  expect(readConfig(file)?.unknownKeys).toEqual([]);
});
