import fc from "fast-check";

/** Texts that can be sent: of any characters but NUL. */
export const anyText: fc.Arbitrary<string> = fc
  .string({ unit: "binary", maxLength: 10 })
  .filter((text) => !text.includes("\0"));

/** Texts that are refused: with half of a character, or NUL, somewhere. */
export const faultyText: fc.Arbitrary<string> = fc
  .tuple(anyText, fc.oneof(fc.constant(0), fc.integer({ min: 0xd8_00, max: 0xdf_ff })), anyText)
  .map(([before, unit, after]) => before + String.fromCharCode(unit) + after)
  .filter((text) => !text.isWellFormed() || text.includes("\0"));

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

/** Any value that can be encoded. */
export const anyValue: fc.Arbitrary<unknown> = tree;

/** Plain objects of that. */
export function anyRecord(values: fc.Arbitrary<unknown> = anyValue): fc.Arbitrary<Record<string, unknown>> {
  return fc.array(fc.tuple(anyKey, values), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
}
