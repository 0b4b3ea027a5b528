import pg, { type CustomTypesConfig } from "pg";
import { parse as parseArray } from "postgres-array";
import { parseJson } from "./parseJson.ts";

type Parser = (text: string) => unknown;

const oid = {
  int8: 20,
  json: 114,
  jsonArray: 199,
  int8Array: 1016,
  timestamp: 1114,
  timestampArray: 1115,
  date: 1082,
  dateArray: 1182,
  timestamptz: 1184,
  timestamptzArray: 1185,
  interval: 1186,
  intervalArray: 1187,
  numericArray: 1231,
  jsonb: 3802,
  jsonbArray: 3807,
} as const;

// Unchanged: numeric, interval, date.
const text: Parser = (value) => value;

const scalars: readonly (readonly [number, Parser])[] = [
  [oid.int8, BigInt],
  [oid.json, parseJson],
  [oid.jsonb, parseJson],
  [oid.timestamp, isoTime],
  [oid.timestamptz, isoTime],
  [oid.date, text],
  [oid.interval, text],
];

const arrays: readonly (readonly [number, Parser])[] = [
  [oid.int8Array, BigInt],
  [oid.jsonArray, parseJson],
  [oid.jsonbArray, parseJson],
  [oid.timestampArray, isoTime],
  [oid.timestamptzArray, isoTime],
  [oid.dateArray, text],
  [oid.intervalArray, text],
  [oid.numericArray, text],
];

const parsers = new Map<number, Parser>([
  ...scalars,
  ...arrays.map(([array, parse]): readonly [number, Parser] => [array, arrayParser(parse)]),
]);

/**
 * Parses PostgreSQL's values without loss: see docs/reference/storage.md. Types that `pg` parses exactly are left to its
 * own parsers.
 */
export const valueParsers: CustomTypesConfig = {
  getTypeParser: (type, format) => {
    const parser = format === "binary" ? undefined : parsers.get(type);
    return parser ?? pg.types.getTypeParser(type, format);
  },
};

/** The parser of a type's values, by the OID of the type. */
export function parserOf(type: number): Parser {
  // The types of `pg` list the OIDs of some types only.
  const builtin: (type: number, format: "text") => Parser = pg.types.getTypeParser;
  return parsers.get(type) ?? builtin(type, "text");
}

/** `2026-11-22 10:00:00.123456+00` as ISO 8601; `infinity`, and years that ISO 8601 cannot express, unchanged. */
function isoTime(value: string): string {
  if (value.endsWith("BC") || value[4] !== "-") return value;
  const time = `${value.slice(0, 10)}T${value.slice(11)}`;
  return time.endsWith("+00") ? `${time.slice(0, -3)}Z` : time;
}

function arrayParser(parse: Parser): Parser {
  return (value) => parseArray(value, parse);
}
