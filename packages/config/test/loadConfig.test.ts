import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadConfig, logLevels, readConfig, serviceConfigSchema } from "@peek/config";
import { temporaryFolder } from "./temporaryFolder.ts";

const defaults = serviceConfigSchema.parse({});

function fileWith(text: string): string {
  const file = join(temporaryFolder(), "config.json");
  writeFileSync(file, text);
  return file;
}

/** A path under which a file can be, and beside which none with a longer name can: root is bound by it too. */
function fileWithoutRoomBeside(): string {
  let dir = temporaryFolder();
  const longest = 4080 - "/config.json".length;
  while (longest - dir.length > 201) dir = join(dir, "d".repeat(200));
  dir = join(dir, "d".repeat(longest - dir.length - 1));
  mkdirSync(dir, { recursive: true });
  return join(dir, "config.json");
}

describe("loadConfig without a file", () => {
  it("makes one of all defaults, for its owner alone", () => {
    const file = join(temporaryFolder(), "config.json");
    const loaded = loadConfig(file);
    expect(loaded).toEqual({
      file,
      config: defaults,
      created: true,
      filledIn: [],
      unknownKeys: [],
      notSaved: undefined,
    });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(defaults);
    expect(readFileSync(file, "utf8")).toMatch(/^\{\n {4}"logging": \{\n {8}"level": "INFO",[^]*\n\}\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("leaves no other file behind", () => {
    const dir = temporaryFolder();
    loadConfig(join(dir, "config.json"));
    expect(readdirSync(dir)).toEqual(["config.json"]);
  });

  it("writes the given settings to the first file", () => {
    const file = join(temporaryFolder(), "config.json");
    const { config } = loadConfig(file, { logging: { level: "DEBUG" } });
    expect(config).toEqual({ ...defaults, logging: { ...defaults.logging, level: "DEBUG" } });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(config);
  });

  it("goes on with the defaults when they cannot be saved, and says why", () => {
    const file = join(temporaryFolder(), "gone", "config.json");
    const { config, created, notSaved } = loadConfig(file);
    expect({ config, created }).toEqual({ config: defaults, created: true });
    expect(notSaved).toMatchObject({ code: "CONFIG_NOT_SAVED", fields: { file } });
    expect(notSaved?.message).toContain(`${file} could not be saved: ENOENT`);
  });

  it("makes the file that a link points at", () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "etc"));
    symlinkSync("etc/peek.json", join(dir, "config.json"));
    loadConfig(join(dir, "config.json"));
    expect(readlinkSync(join(dir, "config.json"))).toBe("etc/peek.json");
    expect(JSON.parse(readFileSync(join(dir, "etc/peek.json"), "utf8"))).toEqual(defaults);
  });
});

describe("loadConfig with a file", () => {
  it("fills in what is missing, saves it and names it", () => {
    const file = fileWith('{"logging": {"level": "DEBUG"}, "plugin": {"deadlines": {"loadSeconds": 1.5}}}\n');
    const { config, created, filledIn, notSaved } = loadConfig(file);
    expect({ created, notSaved }).toEqual({ created: false, notSaved: undefined });
    expect(config.logging).toEqual({ ...defaults.logging, level: "DEBUG" });
    expect(config.plugin.deadlines).toEqual({ ...defaults.plugin.deadlines, loadSeconds: 1.5 });
    expect(filledIn).toContain("logging.daysToKeep");
    expect(filledIn).toContain("plugin.deadlines.warnSeconds");
    expect(filledIn).not.toContain("logging.level");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(config);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("names a part that is missing as a whole once", () => {
    expect(loadConfig(fileWith("{}")).filledIn).toEqual([
      "logging",
      "plugin",
      "storage",
      "tasks",
      "httpServer",
      "users",
      "dataExchange",
    ]);
  });

  it("takes a key named __proto__ for one that is not known, and keeps it", () => {
    const file = fileWith('{"__proto__": {"logging": {"level": "DEBUG"}}}');
    const { config, unknownKeys } = loadConfig(file);
    expect(unknownKeys.map((each) => each.path)).toEqual(["__proto__"]);
    expect(config).toEqual(defaults);
    expect(readFileSync(file, "utf8")).toContain('"__proto__"');
  });

  it("keeps keys that are not known, and names each with the nearest that is", () => {
    const file = fileWith('{"note": [1], "logging": {"levl": "DEBUG", "daystokeep": 3}, "plugin": {"enabeld": ["x"]}}');
    const { config, unknownKeys } = loadConfig(file);
    expect(config).toEqual(defaults);
    expect(new Set(unknownKeys)).toEqual(
      new Set([
        { path: "note", nearest: undefined },
        { path: "logging.levl", nearest: "logging.level" },
        { path: "logging.daystokeep", nearest: "logging.daysToKeep" },
        { path: "plugin.enabeld", nearest: "plugin.enabled" },
      ]),
    );
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      note: [1],
      logging: { levl: "DEBUG", daystokeep: 3, level: "INFO", daysToKeep: 14 },
      plugin: { enabeld: ["x"], enabled: [] },
    });
  });

  it("writes nothing when nothing is missing", () => {
    const file = fileWith(`  ${JSON.stringify(defaults)}`);
    linkSync(file, `${file}.same`);
    expect(loadConfig(file).filledIn).toEqual([]);
    expect(statSync(file).ino).toBe(statSync(`${file}.same`).ino);
    expect(readFileSync(file, "utf8")).toBe(`  ${JSON.stringify(defaults)}`);
  });

  it.each([
    ["two spaces", "  ", "\n"],
    ["three spaces", "   ", "\n"],
    ["four spaces", "    ", "\n"],
    ["tabs", "\t", "\n"],
    ["two spaces and CRLF", "  ", "\r\n"],
    ["tabs and CRLF", "\t", "\r\n"],
  ])("writes what it fills in with %s where the file does", (_what, indent, eol) => {
    const { daysToKeep: _left, ...logging } = defaults.logging;
    const text = (value: unknown): string => `${JSON.stringify(value, null, indent).replaceAll("\n", eol)}${eol}`;
    const file = fileWith(text({ ...defaults, logging }));
    expect(loadConfig(file).filledIn).toEqual(["logging.daysToKeep"]);
    expect(readFileSync(file, "utf8")).toBe(text({ ...defaults, logging: { ...logging, daysToKeep: 14 } }));
  });

  it("leaves the order and the form of the parts that lack nothing", () => {
    const plugin = `"plugin" : ${JSON.stringify(defaults.plugin).replaceAll(",", " ,  ")}`;
    const file = fileWith(`{\n  "note":[ ],\n  ${plugin},\n\n  "logging": {\n    "level": "INFO"\n  }\n}\n`);
    loadConfig(file);
    expect(readFileSync(file, "utf8")).toContain(
      `{\n  "note":[ ],\n  ${plugin},\n\n  "logging": {\n    "level": "INFO",\n`,
    );
  });

  it("reads past a byte order mark", () => {
    const file = fileWith('\uFEFF{"logging": {"level": "ERROR"}}');
    expect(loadConfig(file).config.logging.level).toBe("ERROR");
    expect(loadConfig(file).filledIn).toEqual([]);
  });

  it("keeps a link a link, and fills in the file that it points at", () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, "etc"));
    writeFileSync(join(dir, "etc", "peek.json"), '{"logging": {"level": "ERROR"}}');
    const file = join(dir, "config.json");
    symlinkSync("etc/peek.json", file);
    expect(loadConfig(file).notSaved).toBeUndefined();
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(JSON.parse(readFileSync(join(dir, "etc", "peek.json"), "utf8"))).toMatchObject({
      logging: { level: "ERROR", daysToKeep: 14 },
    });
    expect(readdirSync(join(dir, "etc"))).toEqual(["peek.json"]);
  });

  it("takes permissions away that others had, once it saves", () => {
    const file = fileWith("{}");
    chmodSync(file, 0o644);
    loadConfig(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("goes on with what was read when the rest cannot be saved, and says why", () => {
    const file = fileWithoutRoomBeside();
    writeFileSync(file, '{"logging": {"level": "ERROR"}}');
    const { config, filledIn, notSaved } = loadConfig(file);
    expect(config.logging).toEqual({ ...defaults.logging, level: "ERROR" });
    expect(filledIn).toContain("plugin");
    expect(notSaved).toMatchObject({ code: "CONFIG_NOT_SAVED", exitCode: 78 });
    expect(notSaved?.message).toContain("ENAMETOOLONG");
    expect(readFileSync(file, "utf8")).toBe('{"logging": {"level": "ERROR"}}');
  });
});

describe("readConfig", () => {
  it("gives nothing where there is no file, and makes none", () => {
    const dir = temporaryFolder();
    expect(readConfig(join(dir, "config.json"))).toBeUndefined();
    expect(readdirSync(dir)).toEqual([]);
  });

  it("fills in without saving", () => {
    const file = fileWith('{"logging": {"level": "ERROR"}, "plugins": {}}');
    expect(readConfig(file)).toEqual({
      config: { ...defaults, logging: { ...defaults.logging, level: "ERROR" } },
      unknownKeys: [{ path: "plugins", nearest: "plugin" }],
    });
    expect(readFileSync(file, "utf8")).toBe('{"logging": {"level": "ERROR"}, "plugins": {}}');
  });
});

describe("any config that is right", () => {
  const seconds = fc.double({ min: 0.001, max: 86_400, noNaN: true });
  const some = <T>(shape: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) => fc.record(shape, { requiredKeys: [] });
  const level = fc.constantFrom(...logLevels);
  const folder = fc.string({ minLength: 1, maxLength: 40, unit: "binary" });
  const known = some({
    logging: some({
      level,
      // The schema's library leaves out a key of a record that is called __proto__; no logger is.
      levels: fc.dictionary(
        fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"),
        level,
      ),
      format: fc.constantFrom("text", "json"),
      timestamps: fc.boolean(),
      logToStdout: fc.boolean(),
      logToFile: fc.boolean(),
      daysToKeep: fc.integer({ min: 1, max: 3650 }),
      maxFileMegabytes: fc.integer({ min: 1, max: 100_000 }),
    }),
    plugin: some({
      enabled: fc.array(fc.string({ unit: "binary" })),
      softwarePath: folder,
      dataPath: folder,
      deadlines: some({
        warnSeconds: seconds,
        migrateSeconds: seconds,
        loadSeconds: seconds,
        startSeconds: seconds,
        stopSeconds: seconds,
        unloadSeconds: seconds,
        shutdownSeconds: seconds,
      }),
    }),
    storage: some({
      connectUrl: fc.constantFrom(
        "postgresql://peek:a%40b@db.example/peek?sslmode=require",
        "postgres://p@/d?host=/run",
      ),
      retrySeconds: fc.double({ min: 0, max: 86_400, noNaN: true }),
      poolSize: fc.integer({ min: 1, max: 1000 }),
      acquireTimeoutSeconds: seconds,
      statementTimeoutSeconds: seconds,
      idleInTransactionTimeoutSeconds: seconds,
    }),
    httpServer: some({
      dataExchange: some({ host: fc.constantFrom("0.0.0.0", "::"), sitePort: fc.integer({ min: 0, max: 65_535 }) }),
    }),
    dataExchange: some({
      httpPort: fc.integer({ min: 1, max: 65_535 }),
      useSsl: fc.boolean(),
      token: folder,
      heartbeatSeconds: fc.double({ min: 0.1, max: 300, noNaN: true }),
      nats: some({ servers: fc.array(fc.constantFrom("nats://a:4222", "tls://b")), password: folder }),
    }),
  });
  const strangers = fc.array(
    fc.record({
      at: fc.constantFrom([], ["logging"], ["plugin"], ["plugin", "deadlines"]),
      key: fc.string({ unit: "binary" }).map((text) => `x${text}`),
      value: fc.jsonValue(),
    }),
    { maxLength: 5 },
  );
  const form = fc.constantFrom(undefined, 1, 2, 4, "\t");

  it("keeps every value, is saved as JSON, and settles with the first load", () => {
    const file = join(temporaryFolder(), "config.json");
    fc.assert(
      fc.property(known, strangers, form, (given, unknown, indent) => {
        const document = structuredClone(given) as Record<string, unknown>;
        const placed = unknown.filter(({ at, key, value }) => place(document, at, key, value));
        writeFileSync(file, JSON.stringify(document, null, indent));

        const first = loadConfig(file);
        expect(first.notSaved).toBeUndefined();
        expect(first.config).toMatchObject(JSON.parse(JSON.stringify(given)));
        expect(new Set(first.unknownKeys.map((each) => each.path))).toEqual(
          new Set(placed.map(({ at, key }) => [...at, key].join("."))),
        );
        const saved: unknown = JSON.parse(readFileSync(file, "utf8"));
        expect(saved).toMatchObject(JSON.parse(JSON.stringify(document)));
        expect(saved).toMatchObject(JSON.parse(JSON.stringify(first.config)));

        const before = { inode: statSync(file).ino, text: readFileSync(file, "utf8") };
        const second = loadConfig(file);
        expect(second.filledIn).toEqual([]);
        expect(second.config).toEqual(first.config);
        expect({ inode: statSync(file).ino, text: readFileSync(file, "utf8") }).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });
});

/** Puts a key into a document where the object for it is there. */
function place(document: Record<string, unknown>, at: readonly string[], key: string, value: unknown): boolean {
  const owner = at.reduce<unknown>(
    (inner, step) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, step) : undefined),
    document,
  );
  return typeof owner === "object" && owner !== null && Reflect.set(owner, key, value);
}
