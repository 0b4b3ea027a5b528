import { createHash } from "node:crypto";
import { extname } from "node:path";
import { parse } from "acorn";

/**
 * What tells whether a migration was edited: a hash of what its code says, not of how it is written. Comments, layout
 * and types do not count, so that the TypeScript in a workspace and the JavaScript that was built of it are the same.
 * Nor does down(), which has not been run: the way back may be written later.
 *
 * @throws SyntaxError when it is not a module.
 */
export async function checksumOf(file: string, source: string): Promise<string> {
  const program = parse(await withoutTypes(file, source), { ecmaVersion: "latest", sourceType: "module" });
  return createHash("sha256").update(JSON.stringify(program, canonical)).digest("hex").slice(0, 32);
}

async function withoutTypes(file: string, source: string): Promise<string> {
  if (extname(file) !== ".ts") return source;
  // Only ever in a workspace: what is built has no types, and need not load this.
  const { transformSync } = await import("amaro");
  return transformSync(source, { mode: "strip-only" }).code;
}

/** What the compiler may write otherwise: where things stand, quotes, and the extension of an imported file. */
function canonical(key: string, value: unknown): unknown {
  if (key === "start" || key === "end" || key === "raw") return undefined;
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return value.filter((each) => !isEmpty(each));
  // A tag such as String.raw sees how it is written.
  if (isNode(value) && value["type"] === "TemplateElement") return { type: value["type"], text: textOf(value) };
  if (key === "source" && isNode(value) && typeof value["value"] === "string") {
    return { ...value, value: value["value"].replace(/^(\..*)\.ts$/, "$1.js") };
  }
  return value;
}

function isEmpty(value: unknown): boolean {
  if (!isNode(value)) return false;
  const { type, declaration, source, specifiers } = value;
  if (type === "EmptyStatement") return true;
  if (type === "ExportNamedDeclaration" && isNamedDown(declaration)) return true;
  if (type === "ImportDeclaration") return isImportOfNothing(value);
  // `export {}`, which marks a module that has nothing else to export.
  return (
    type === "ExportNamedDeclaration" &&
    declaration === null &&
    source === null &&
    Array.isArray(specifiers) &&
    specifiers.length === 0
  );
}

/** Of nothing at all; or of what every migration may use, which changes nothing by being there. */
function isImportOfNothing({ specifiers, source }: Readonly<Record<string, unknown>>): boolean {
  if (isNode(source) && source["value"] === "@peek/plugin-base/storage") return true;
  return Array.isArray(specifiers) && specifiers.length === 0;
}

/** `function down() {}`, or `const down = …`. */
function isNamedDown(declaration: unknown): boolean {
  if (!isNode(declaration)) return false;
  const { id, declarations } = declaration;
  const [only, ...others] = Array.isArray(declarations) ? declarations : [declaration];
  const name: unknown = isNode(only) ? only["id"] : id;
  return others.length === 0 && isNode(name) && name["name"] === "down";
}

function textOf({ value }: Readonly<Record<string, unknown>>): unknown {
  return typeof value === "object" && value !== null && "raw" in value ? value.raw : undefined;
}

function isNode(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && "type" in value;
}
