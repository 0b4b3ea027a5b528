import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A package in the form in which npm installs it, with one module. */
export interface GeneratedPackage {
  readonly name: string;
  /** The text of the package's main module. */
  readonly source: string;
  /** Further files at the package's root, written as JSON. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** Further files, by their paths in the package, written unchanged. */
  readonly text?: Readonly<Record<string, string>>;
}

/** @returns The module. */
export async function generatePackage(
  modulesDir: string,
  { name, source, json, text = {} }: GeneratedPackage,
): Promise<string> {
  const dir = join(modulesDir, name);
  const file = join(dir, "dist", "index.js");
  await mkdir(join(dir, "dist"), { recursive: true });
  const packageJson = {
    name,
    version: "1.0.0",
    type: "module",
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" }, "./package.json": "./package.json" },
  };
  for (const [path, value] of Object.entries({ "package.json": packageJson, ...json })) {
    await writeFile(join(dir, path), `${JSON.stringify(value, null, 2)}\n`);
  }
  for (const [path, content] of Object.entries(text)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
  await writeFile(file, source);
  return file;
}
