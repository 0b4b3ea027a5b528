import { describe, expect, it } from "vitest";
import { describeValue, errorCatalogue, messageOf, PeekError, toError } from "@peek/errors";

describe("PeekError", () => {
  it("carries its code, message, fields, cause and exit code", () => {
    const cause = new Error("disk full");
    const error = new PeekError("CONFIG_NOT_SAVED", "config.json could not be saved", { cause, fields: { file: "x" } });
    expect(error).toMatchObject({ name: "PeekError", code: "CONFIG_NOT_SAVED", fields: { file: "x" }, exitCode: 78 });
    expect(error.cause).toBe(cause);
    expect(error).toBeInstanceOf(Error);
  });

  it("is recognised from another copy of the package, and nothing else is", () => {
    const brand = { [Symbol.for("peek.error")]: true };
    expect(PeekError.is(Object.assign(new Error("x"), brand, { code: "HOME_LOCKED" }))).toBe(true);
    expect(PeekError.is(Object.assign(new Error("x"), brand, { code: "NEVER_HEARD_OF" }))).toBe(false);
    expect(PeekError.is({ ...brand, code: "HOME_LOCKED" })).toBe(false);
    expect(PeekError.is(new Error("x"))).toBe(false);
    expect(PeekError.is(null)).toBe(false);
    expect(PeekError.is("HOME_LOCKED")).toBe(false);
  });

  it.each([
    [{ reason: "full" }, '{"reason":"full"}'],
    [["a", 1], '["a",1]'],
    [5, "5"],
    [null, "null"],
    [undefined, "undefined"],
    [new Error("The tank is full"), "The tank is full"],
    [Object.create(null), "{}"],
    [
      Object.defineProperty([], 0, {
        enumerable: true,
        get: () => {
          throw new Error("no");
        },
      }),
      "a value of type object",
    ],
  ])("has a readable message also when a value that is not a string was passed: %#", (message, text) => {
    expect(new PeekError("ACTION_REJECTED", message as string).message).toBe(text);
  });
});

describe("errorCatalogue", () => {
  it.each(Object.entries(errorCatalogue))("%s says what it means and what to do", (code, entry) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(entry.meaning).toMatch(/\.$/);
    expect(entry.resolution).toMatch(/\.$/);
  });
});

describe("toError", () => {
  it.each([
    ["null", null, "null was thrown, which is not an Error"],
    ["undefined", undefined, "undefined was thrown, which is not an Error"],
    ["text", "no", '"no" was thrown, which is not an Error'],
    ["an object", { a: 1 }, '{"a":1} was thrown, which is not an Error'],
  ])("makes an Error of %s", (_what, thrown, message) => {
    expect(toError(thrown)).toBeInstanceOf(Error);
    expect(toError(thrown).message).toBe(message);
  });

  it.each([
    [
      "a message that is no text",
      Object.assign(new Error("x"), { message: 7 }),
      "{} was thrown, which is not an Error",
    ],
    [
      "a message that throws",
      Object.defineProperty(new Error("x"), "message", {
        get: () => {
          throw new Error("hidden");
        },
      }),
      "an object was thrown whose properties cannot be read",
    ],
    [
      "a proxy that throws",
      new Proxy(new Error("x"), {
        getPrototypeOf: () => {
          throw new Error("hidden");
        },
      }),
      "an object was thrown whose properties cannot be read",
    ],
    ["no stack", Object.assign(new Error("plain"), { stack: undefined }), "plain"],
  ])("converts an error with %s", (_what, thrown, message) => {
    expect(toError(thrown)).toMatchObject({ message, stack: expect.any(String) });
  });

  it("returns an Error unchanged", () => {
    const error = new TypeError("x");
    expect(toError(error)).toBe(error);
  });
});

describe("messageOf", () => {
  it("returns the first line, or the name of an error without a message", () => {
    expect(messageOf(new Error("one\ntwo"))).toBe("one");
    expect(messageOf(new RangeError())).toBe("RangeError");
  });
});

describe("describeValue", () => {
  it("describes values that have no JSON", () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(describeValue(circle)).toBe("a value of type object");
    expect(describeValue(function named() {})).toBe("the function named");
    expect(describeValue(10n)).toBe("10");
  });

  it("cuts long values", () => {
    expect(describeValue("x".repeat(1000))).toHaveLength(60);
  });
});
