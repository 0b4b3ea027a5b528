import { describe, expect, it } from "vitest";
import { parsePostmasterFile } from "../../src/embedded/PostmasterFile.ts";

const whole = "6546\n/x/data\n1795343015\n5432\n/x\n\n  2147307        13\nready   \n";

describe("parsePostmasterFile()", () => {
  it.each([
    ["a server that takes connections", whole, { pid: 6546, ready: true }],
    ["one that starts", whole.replace("ready", "starting"), { pid: 6546, ready: false }],
    ["one that has just begun", "6546\n/x/data\n", { pid: 6546, ready: false }],
    ["one without clients", "-6546\n/x/data\n", { pid: 6546, ready: false }],
    ["nothing in an empty file", "", undefined],
    ["nothing in a damaged file", "\0\0\0\n", undefined],
    ["nothing in place of an id", "1.5\n", undefined],
  ])("returns %s", (_title, content, expected) => {
    expect(parsePostmasterFile(content)).toEqual(expected);
  });
});
