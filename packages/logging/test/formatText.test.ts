import { describe, expect, it } from "vitest";
import { formatText } from "../src/formatText.ts";

const record = {
  level: "INFO",
  time: new Date(2026, 10, 22, 7, 19, 0, 5).toISOString(),
  name: "peek_plugin_a.b",
} as const;

describe("formatText", () => {
  it("writes level, name and message", () => {
    expect(formatText({ ...record, msg: "loaded" }, false)).toBe("INFO peek_plugin_a.b:loaded\n");
  });

  it("begins with date and local time where timestamps are on", () => {
    expect(formatText({ ...record, msg: "loaded" }, true)).toBe(
      "2026-11-22 07:19:00.005 INFO peek_plugin_a.b:loaded\n",
    );
  });

  it.each([
    ["a line end", "one\ntwo", "one\\ntwo"],
    ["a carriage return", "one\rtwo", "one\\u000dtwo"],
    ["a tab", "one\ttwo", "one\\ttwo"],
    ["the beginning of a colour", "\u001b[31mred", "\\u001b[31mred"],
    ["a single byte for the same", "\u009b31mred", "\\u009b31mred"],
    ["NUL and DEL", "\u0000\u007f", "\\u0000\\u007f"],
    ["a next line", "one\u0085two", "one\\u0085two"],
    ["a line separator", "one\u2028two\u2029three", "one\\u2028two\\u2029three"],
  ])("keeps a message with %s on one line", (_what, msg, text) => {
    expect(formatText({ ...record, msg }, false)).toBe(`INFO peek_plugin_a.b:${text}\n`);
  });

  it("keeps characters of all languages", () => {
    expect(formatText({ ...record, msg: "Größe 大 🙂" }, false)).toContain("Größe 大 🙂");
  });

  it("indents an error's stack below the line, without control characters", () => {
    const err = { message: "no\u001b[2J", stack: "Error: no\u001b[2J\n    at a (x.js:1:2)\n    at b" };
    expect(formatText({ ...record, msg: "failed", err }, false)).toBe(
      ["INFO peek_plugin_a.b:failed", "    Error: no\\u001b[2J", "        at a (x.js:1:2)", "        at b", ""].join(
        "\n",
      ),
    );
  });
});
