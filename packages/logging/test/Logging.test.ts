import { describe, expect, it } from "vitest";
import { type Level, Logging, type LoggingOptions } from "@peek/logging";
import { CapturingSink } from "./CapturingSink.ts";

function logging(options: Partial<LoggingOptions> = {}): { readonly sink: CapturingSink; readonly logging: Logging } {
  const sink = new CapturingSink();
  return { sink, logging: new Logging({ level: "DEBUG", sinks: [sink], ...options }) };
}

/** The only line that an action writes. */
function lineOf(write: (logger: ReturnType<Logging["getLogger"]>) => void): CapturingSink["lines"][number] {
  const { sink, logging: all } = logging();
  write(all.getLogger("peek_plugin_a"));
  const [line] = sink.lines;
  if (line === undefined) throw new Error("Nothing was written");
  return line;
}

describe("the levels", () => {
  const order = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const satisfies readonly Level[];

  it.each(order)("%s passes lines of its level and above only", (level) => {
    const { sink, logging: all } = logging({ level });
    const logger = all.getLogger("a");
    logger.debug("x");
    logger.info("x");
    logger.warning("x");
    logger.error("x");
    logger.critical("x");
    expect(sink.lines.map((line) => line.record.level)).toEqual(order.slice(order.indexOf(level)));
    expect(logger.isLevelEnabled("warning")).toBe(order.indexOf(level) <= order.indexOf("WARNING"));
  });

  it("are those of the longest matching name", () => {
    const { sink, logging: all } = logging({ level: "ERROR", levels: { "a.b": "DEBUG", "a.b.c": "CRITICAL" } });
    for (const name of ["a", "a.b", "a.b.x", "a.b.c"]) all.getLogger(name).info("x");
    expect(sink.text).toEqual(["INFO a.b:x\n", "INFO a.b.x:x\n"]);
  });
});

describe("a line", () => {
  it.each([
    [
      "a circle of causes",
      () => {
        const one = new Error("one");
        one.cause = new Error("two", { cause: one });
        return one;
      },
    ],
    [
      "ten thousand causes",
      () => Array.from({ length: 10_000 }).reduce<Error>((cause) => new Error("one", { cause }), new Error("first")),
    ],
    [
      "a cause that throws",
      () =>
        Object.defineProperty(new Error("one"), "cause", {
          get: () => {
            throw new Error("hidden");
          },
        }),
    ],
    [
      "properties that throw",
      () =>
        Object.defineProperty(new Error("one"), "details", {
          enumerable: true,
          get: () => {
            throw new Error("hidden");
          },
        }),
    ],
    ["a toJSON of its own", () => Object.assign(new Error("one"), { toJSON: () => ({}) })],
  ])("has an error with %s", (_what, make) => {
    const { record, json } = lineOf((logger) => logger.error({ err: make() }, "It failed: %s", "x"));
    expect(record).toMatchObject({ level: "ERROR", msg: "It failed: x", err: { message: "one" } });
    expect(record.err?.stack).toMatch(/^Error: one/);
    expect(json.length).toBeLessThan(100_000);
  });

  it("is text as on the console", () => {
    const { sink, logging: all } = logging();
    all.getLogger("peek_plugin_a.b").warning("%s took %d ms: %o", "it", 5, { a: 1 });
    expect(sink.text).toEqual(['WARNING peek_plugin_a.b:it took 5 ms: {"a":1}\n']);
  });

  it("is one object a line in JSON, with its facts", () => {
    const { json, record } = lineOf((logger) => logger.info({ plugin: "x", count: 2 }, "loaded %d", 2));
    expect(json.indexOf("\n")).toBe(json.length - 1);
    expect(JSON.parse(json)).toEqual({
      level: "INFO",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      name: "peek_plugin_a",
      plugin: "x",
      count: 2,
      msg: "loaded 2",
    });
    expect(record).toEqual(JSON.parse(json));
  });

  it("goes to every sink", () => {
    const other = new CapturingSink();
    const sink = new CapturingSink();
    const { logging: all } = logging({ sinks: [sink, other] });
    all.getLogger("a").info("x");
    expect(sink.lines).toHaveLength(1);
    expect(other.lines).toHaveLength(1);
  });

  it("has an error with its stack and its cause", () => {
    const { record } = lineOf((logger) =>
      logger.error({ err: new TypeError("no", { cause: new Error("why") }) }, "failed"),
    );
    expect(record.err).toMatchObject({ type: "TypeError", message: expect.stringMatching(/^no/) });
    expect(record.err?.stack).toContain("Logging.test");
    expect(record.err?.stack).toContain("why");
  });

  it.each([
    ["text", "no"],
    ["null", null],
    ["nothing", undefined],
    ["a number", 7],
    ["an object", { code: 1 }],
    ["an error without a stack", Object.assign(new Error("no"), { stack: undefined })],
    ["an error whose stack is no text", Object.assign(new Error("no"), { stack: { at: 1 } })],
  ])("is written where %s was thrown and is logged as err", (_what, err) => {
    const { sink, logging: all } = logging();
    all.getLogger("a").error({ err }, "failed");
    expect(sink.text.join("")).toMatch(/^ERROR a:failed\n/);
  });

  it("is written where there are facts and no message", () => {
    const { sink, logging: all } = logging();
    all.getLogger("a").info({ count: 1 });
    expect(sink.text).toEqual(["INFO a:\n"]);
  });

  it.each(["name", "level", "time"])("keeps its own %s where a fact has this name", (fact) => {
    const { sink, logging: all } = logging();
    all.getLogger("a").info({ [fact]: { of: "the plugin" } }, "x");
    expect(sink.text).toEqual(["INFO a:x\n"]);
  });

  it("is replaced by a note where a fact cannot be serialized", () => {
    const circle: Record<string, unknown> = { big: 1n };
    circle["self"] = circle;
    const { record } = lineOf((logger) => logger.info({ circle }, "x"));
    expect(record.msg).toBe("x");
  });
});

describe("a secret", () => {
  const keys = ["password", "passwd", "secret", "token", "authorization", "cookie", "apiKey", "connectUrl"];

  it.each(keys)("is not written where the fact is called %s, at the top or one further in", (key) => {
    const { json, record } = lineOf((logger) =>
      logger.info({ [key]: "hunter2", request: { [key]: "hunter2", other: 1 } }, "x"),
    );
    expect(json).not.toContain("hunter2");
    expect(record).toMatchObject({ [key]: "[redacted]", request: { [key]: "[redacted]", other: 1 } });
  });

  it.each([
    ["postgres://peek:hunter2@db/peek", "postgres://peek:[redacted]@db/peek"],
    ["redis://:hunter2@cache:6379", "redis://:[redacted]@cache:6379"],
    ["a://u:hunter2@h and b://v:hunter2@i", "a://u:[redacted]@h and b://v:[redacted]@i"],
    ["https://u:hun%40ter2@h", "https://u:[redacted]@h"],
    ["peek_agent_k3v4x2m7_hunter2hunter2hunter2-_", "peek_agent_k3v4x2m7_[redacted]"],
    ["token peek_logic_aaaaaaaa_hunter2hunter2hunter2, and more", "token peek_logic_aaaaaaaa_[redacted], and more"],
    ["peek_plugin_tutorial_aaaaaaaa_hunter2hunter2hunter2", "peek_plugin_tutorial_aaaaaaaa_hunter2hunter2hunter2"],
  ])("is not written where it is the password or token in %s", (text, masked) => {
    const { record } = lineOf((logger) => logger.info({ address: text }, "at %s", text));
    expect(record).toMatchObject({ msg: `at ${masked}`, address: masked });
  });

  it("is not written where it is the password in an error's message", () => {
    const { json } = lineOf((logger) =>
      logger.error({ err: new Error("cannot reach postgres://peek:hunter2@db") }, "no"),
    );
    expect(json).not.toContain("hunter2");
  });

  it.each(["https://example.com:8080/a@b", "see https://example.com/x:y", "mail a:b@c", "http://user@host/"])(
    "is not looked for in %s",
    (text) => {
      expect(lineOf((logger) => logger.info(text)).record.msg).toBe(text);
    },
  );
});

it("the sinks are disposed with the logging", async () => {
  const { sink, logging: all } = logging();
  await all[Symbol.asyncDispose]();
  expect(sink.disposals).toBe(1);
});
