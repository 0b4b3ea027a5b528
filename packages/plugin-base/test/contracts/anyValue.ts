import fc from "fast-check";

/** Texts of any code units, lone surrogates and NUL among them. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 5 }).map((units) => String.fromCharCode(...units)),
);

/** Keys that mean something to the encoding, or to JavaScript. */
export const anyKey: fc.Arbitrary<string> = fc
  .oneof(
    anyText,
    fc.constantFrom("$", "$$", "$date", "$$date", "$undefined", "$map", "constructor", "prototype", "toJSON", "then"),
    fc.constantFrom("0", "10", "9", "-1", "length", "hasOwnProperty", "$__proto__"),
  )
  .filter((key) => key !== "__proto__");

const { tree } = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("tree"), { maxLength: 4 }),
    anyRecord(tie("tree")),
    fc.array(fc.tuple(tie("tree"), tie("tree")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("tree"), { maxLength: 3 }).map((items) => new Set(items)),
  ),
  leaf: fc.oneof(
    anyText,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 10 }),
    fc.constantFrom(null, undefined, Number.NaN, Infinity, -Infinity, -0, 0, ""),
  ),
}));

/** Whatever can be encoded. */
export const anyValue: fc.Arbitrary<unknown> = tree;

/** Plain objects of that. */
export function anyRecord(values: fc.Arbitrary<unknown> = anyValue): fc.Arbitrary<Record<string, unknown>> {
  return fc.array(fc.tuple(anyKey, values), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
}
