import { serviceConfigSchema } from "@peek/config";
import { z } from "zod";
import { codeSpans } from "./codeSpans.ts";
import { markdownTable } from "./markdownTable.ts";

type Schema = z.core.JSONSchema.BaseSchema;

interface Key {
  /** Dotted: `logging.level`. */
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** The JSON Schema of config.json, as people write it. */
export function configSchema(): Schema {
  return z.toJSONSchema(serviceConfigSchema, { io: "input" });
}

/** Every key of config.json. */
export function configTable(schema: Schema): string {
  const rows = leaves(keysOf(schema, "")).map(({ path, schema: key }) => [
    `\`${path}\``,
    typeText(key),
    key.default === undefined ? "none" : `\`${JSON.stringify(key.default)}\``,
    codeSpans(key.description ?? ""),
  ]);
  return markdownTable(["key", "value", "default", "what it is for"], rows);
}

/** The section of a site in plugin_package.json: the sections of all three sites have the same keys. */
const siteSection = /^(?:field|office|admin)\.web\b/;

/** Every key of plugin_package.json. */
export function manifestTable(schema: Schema): string {
  const keys = leaves(keysOf(schema, "")).map((key) => ({ ...key, path: key.path.replace(siteSection, "<site>.web") }));
  const once = [...new Map(keys.map((key) => [key.path, key])).values()];
  const rows = once.map(({ path, schema: key, required }) => [
    `\`${path}\``,
    typeText(key),
    required ? "yes" : "no",
    codeSpans(key.description ?? ""),
  ]);
  return markdownTable(["key", "value", "required", "what it is for"], merged(rows));
}

function keysOf(schema: Schema, prefix: string): readonly Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    if (typeof child === "boolean") return [];
    const path = prefix === "" ? name : `${prefix}.${name}`;
    return [
      { path, schema: child, required: schema.required?.includes(name) === true },
      ...keysOf(child, path),
      ...keysOfValues(child, path),
      ...keysOfItems(child, path),
    ];
  });
}

/** The keys of the objects in a record: `dependencies.<name>.version`. */
function keysOfValues(schema: Schema, path: string): readonly Key[] {
  const value = schema.additionalProperties;
  if (typeof value !== "object") return [];
  return (value.anyOf ?? []).flatMap((branch) => keysOf(branch, `${path}.<name>`));
}

/** The keys of the objects in a list: `<site>.web.routes[].path`. */
function keysOfItems({ items }: Schema, path: string): readonly Key[] {
  return typeof items !== "object" || Array.isArray(items) ? [] : keysOf(items, `${path}[]`);
}

/** Rows that follow each other and differ in the key only, as one. */
function merged(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return rows.reduce<readonly (readonly string[])[]>((before, row) => {
    const last = before.at(-1);
    if (last === undefined || last.slice(1).join("|") !== row.slice(1).join("|")) return [...before, row];
    return [...before.slice(0, -1), [`${last[0]}, ${row[0]}`, ...row.slice(1)]];
  }, []);
}

/** Those that hold a value: objects with keys of their own are shown by their keys. */
function leaves(keys: readonly Key[]): readonly Key[] {
  return keys.filter(({ schema }) => schema.properties === undefined);
}

function typeText(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(", or ");
  if (schema.$ref !== undefined) return "any JSON";
  switch (schema.type) {
    case "string":
      return isVersion(schema) ? 'text: a version such as `"1.4.0"`' : "text";
    case "boolean":
      return "`true` or `false`";
    case "integer":
      return `whole number${rangeText(schema)}`;
    case "number":
      return `number${rangeText(schema)}`;
    case "array":
      return `list of ${Array.isArray(schema.items) || typeof schema.items !== "object" ? "values" : typeText(schema.items)}`;
    case "object":
      return typeof schema.additionalProperties === "object"
        ? `object: name to ${typeText(schema.additionalProperties)}`
        : "object";
    default:
      return "any JSON";
  }
}

function isVersion({ pattern }: Schema): boolean {
  return pattern !== undefined && new RegExp(pattern).test("1.4.0") && !new RegExp(pattern).test("name");
}

function rangeText({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const low =
    exclusiveMinimum === undefined ? (minimum === undefined ? "" : ` from ${minimum}`) : ` above ${exclusiveMinimum}`;
  return `${low}${maximum === undefined ? "" : ` to ${maximum}`}`;
}
