import { createHash } from "node:crypto";
import { extname } from "node:path";
import { parse } from "acorn";

/**
 * The checksum of a migration, by which later edits are detected: a hash of its syntax tree. Comments, formatting and
 * types do not change it, so that the TypeScript in a workspace and the JavaScript built from it have the same checksum.
 * Neither does down(), which has not run yet and may be written later.
 *
 * @throws SyntaxError when the source is not a module.
 */
export async function checksumOf(file: string, source: string): Promise<string> {
  const program = parse(await withoutTypes(file, source), { ecmaVersion: "latest", sourceType: "module" });
  return createHash("sha256").update(JSON.stringify(program, canonical)).digest("hex").slice(0, 32);
}

async function withoutTypes(file: string, source: string): Promise<string> {
  if (extname(file) !== ".ts") return source;
  // Imported in a workspace only: built code has no types.
  const { transformSync } = await import("amaro");
  return transformSync(source, { mode: "strip-only" }).code;
}

/** Removes differences that the compiler may introduce: positions, quotes, and the extension of an imported file. */
function canonical(key: string, value: unknown): unknown {
  if (key === "start" || key === "end" || key === "raw") return undefined;
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return value.filter((each) => !isEmpty(each));
  // A tag such as String.raw reads the raw text.
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
  if (type === "ImportDeclaration") return isImportWithoutEffect(value);
  // `export {}`, which marks a file without other exports as a module.
  return (
    type === "ExportNamedDeclaration" &&
    declaration === null &&
    source === null &&
    Array.isArray(specifiers) &&
    specifiers.length === 0
  );
}

/** Whether an import has no names, or is of the module that every migration may use: neither has an effect by itself. */
function isImportWithoutEffect({ specifiers, source }: Readonly<Record<string, unknown>>): boolean {
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
