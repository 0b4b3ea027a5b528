import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode } from "@peek/plugin-base/contracts";
import { anyValue } from "./anyValue.ts";
import { caught } from "./caught.ts";
import { expectSame } from "./expectSame.ts";

const bytes = new Uint8Array([0, 1, 254, 255]);

describe("encode", () => {
  it.each<[unknown, string]>([
    [undefined, ""],
    [null, "null"],
    [{ id: 5, name: "north" }, '{"id":5,"name":"north"}'],
    ["a\n\tb\u0001🍕", String.raw`"a\n\tb\u0001🍕"`],
    [-0, '{"$number":"-0"}'],
    [Number.NaN, '{"$number":"NaN"}'],
    [-Infinity, '{"$number":"-Infinity"}'],
    [12n, '{"$bigint":"12"}'],
    [new Date(0), '{"$date":"1970-01-01T00:00:00.000Z"}'],
    [new Date(Number.NaN), '{"$date":null}'],
    [bytes, '{"$bytes":"AAH+/w=="}'],
    [[undefined, { a: undefined }], '[{"$undefined":0},{"a":{"$undefined":0}}]'],
    [new Map<unknown, unknown>([[1, "a"]]), '{"$map":[[1,"a"]]}'],
    [new Set([1n]), '{"$set":[{"$bigint":"1"}]}'],
    [{ $date: "x", $: 1, $$: 2 }, '{"$$date":"x","$$":1,"$$$":2}'],
  ])("%o", (value, text) => {
    expect(encode(value)).toBe(text);
    expect(decode(text)).toStrictEqual(value);
  });

  it("is JSON's own text for what JSON has", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        // JSON loses the sign of -0, and knows no tags.
        fc.pre(!text.includes("__proto__") && !encode(value).includes("$"));
        expect(encode(value)).toBe(text);
      }),
    );
  });

  it("loses nothing of any value, on one line", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = encode(value);
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/[\n\t\r]/);
        const back = decode(text);
        expectSame(back, value);
        // The order of keys and entries, too.
        expect(encode(back)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it("tells absent, undefined and null apart", () => {
    const value = decode(encode({ none: null, missing: undefined }));
    expect(value).toStrictEqual({ none: null, missing: undefined });
    expect(value).not.toStrictEqual({ none: null });
  });

  it("makes undefined of holes, bytes of a Buffer, and a usual object of one without prototype", () => {
    // eslint-disable-next-line no-sparse-arrays
    expect(decode(encode([1, , 3]))).toStrictEqual([1, undefined, 3]);
    const buffer = decode(encode(Buffer.from(bytes)));
    expect(buffer).toStrictEqual(bytes);
    expect(Buffer.isBuffer(buffer)).toBe(false);
    expect(decode(encode(Object.assign(Object.create(null), { a: 1 })))).toStrictEqual({ a: 1 });
  });

  it("keeps many bytes", () => {
    const many = new Uint8Array(200_001).map((_, index) => index * 7);
    expect(Buffer.compare(Buffer.from(decode(encode(many)) as Uint8Array), Buffer.from(many))).toBe(0);
  });

  it("takes what is there twice, without being part of itself", () => {
    const shared = { at: new Date(5) };
    expect(decode(encode([shared, { shared }, new Map([[shared, shared]])]))).toStrictEqual([
      shared,
      { shared },
      new Map([[shared, shared]]),
    ]);
  });

  class Pump {
    readonly id = 1;
  }
  class MyDate extends Date {}
  class MyList extends Array<number> {}
  const circle: Record<string, unknown> = { b: [1] };
  circle["a"] = [{ circle }];
  const mapCircle = new Map<string, unknown>();
  mapCircle.set("x", { mapCircle });

  it.each<[string, unknown, string]>([
    ["a function", { a: [0, 1, 2, { b: (): void => {} }] }, "$.a[3].b is a function"],
    ["a symbol", { "a key": Symbol("x") }, '$["a key"] is a symbol'],
    ["an object of a class", [new Pump()], "$[0] is an object of the class Pump"],
    ["a subclass of Date", new MyDate(), "$ is an object of the class MyDate"],
    ["a subclass of Array", MyList.from([1]), "$ is an object of the class MyList"],
    ["an error", { e: new Error("x") }, "$.e is an object of the class Error"],
    ["a regular expression", /x/, "$ is an object of the class RegExp"],
    ["a promise", { p: Promise.resolve() }, "$.p is an object of the class Promise"],
    ["other arrays of numbers", new Float32Array(2), "$ is an object of the class Float32Array"],
    ["a boxed text", Object("x"), "$ is an object of the class String"],
    ["a class without a name", new (class {})(), "$ is an object of a class"],
    ["a false date", Object.create(Date.prototype), "$ cannot be read: this is not a Date object."],
    ["a circle", circle, "$.a[0].circle contains itself"],
    ["a circle by a map", mapCircle, "$[0].value.mapCircle contains itself"],
    ["a property __proto__", { a: JSON.parse('{"__proto__":1}') }, "$.a has a property __proto__"],
    ["toJSON", { toJSON: (): number => 5 }, "$.toJSON is a function"],
    ["a bigint without end", 10n ** 100_000n, "$ is a bigint of more than 100000 digits"],
  ])("refuses %s, and says where", (_, value, message) => {
    const error = caught(() => encode(value));
    expect(error.code).toBe("DATA_UNENCODABLE");
    expect(error.message).toContain(message);
  });

  it("refuses what throws when it is looked at", () => {
    const cause = new Error("not now");
    const thrower = {
      get a(): never {
        throw cause;
      },
    };
    const error = caught(() => encode(thrower));
    expect(error).toMatchObject({ code: "DATA_UNENCODABLE", cause });
    expect(error.message).toContain("not now");
    expect(caught(() => encode([undefined, thrower]))).toMatchObject({ code: "DATA_UNENCODABLE", cause });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(caught(() => encode({ proxy })).code).toBe("DATA_UNENCODABLE");
  });

  const nest = (levels: number, core: unknown, wrap: (inner: unknown) => unknown = (inner) => [inner]): unknown =>
    Array.from({ length: levels }).reduce(wrap, core);

  it("takes 100 levels, and refuses more with the path", () => {
    const deep = nest(100, 1);
    expect(decode(encode(deep))).toStrictEqual(deep);
    const error = caught(() => encode({ a: deep }));
    expect(error.code).toBe("DATA_UNENCODABLE");
    expect(error.message).toContain("$.a[0][0]");
    expect(error.message.length).toBeLessThan(300);
  });

  it.each<[string, number, unknown, ((inner: unknown) => unknown)?]>([
    ["dates", 99, new Date(5)],
    ["undefined", 99, undefined],
    ["maps", 33, 1, (inner) => new Map([["k", inner]])],
    ["sets", 50, 1, (inner) => new Set([inner])],
  ])("takes as many levels of %s as it can read", (_, levels, core, wrap) => {
    const deep = nest(levels, core, wrap);
    expect(decode(encode(deep))).toStrictEqual(deep);
    expect(caught(() => encode(nest(levels + 1, core, wrap))).code).toBe("DATA_UNENCODABLE");
  });

  it("tells a wide circle at once", () => {
    const wide: unknown[] = [];
    wide.push(wide, wide, wide);
    expect(caught(() => encode(wide)).message).toContain("$[0] contains itself");
  });

  it("is not led astray by a property that somebody gave all objects", () => {
    Reflect.defineProperty(Object.prototype, "stray", { value: () => 1, enumerable: true, configurable: true });
    let text: string;
    try {
      text = encode({ a: 1 });
    } finally {
      Reflect.deleteProperty(Object.prototype, "stray");
    }
    expect(text).toBe('{"a":1}');
  });
});
