import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { importError } from "../src/hooks/importError.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** Imports as Node does: the test runner takes imports in its own files into its hands. */
async function failureOf(files: Readonly<Record<string, string>>): Promise<unknown> {
  const dir = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  writeFileSync(join(dir, "import.cjs"), "module.exports = (url) => import(url);");
  const nativeImport: (url: string) => Promise<unknown> = createRequire(import.meta.url)(join(dir, "import.cjs"));
  const [first = ""] = Object.keys(files);
  try {
    return await nativeImport(pathToFileURL(join(dir, first)).href);
  } catch (error) {
    return error;
  }
}

it.each([
  [
    "a syntax error in TypeScript",
    { "a.ts": "export const a: number = 1;\nlet b = ;" },
    /^It failed at \/.*\/a\.ts:2: Expression expected$/,
  ],
  [
    "a syntax error in an imported file",
    { "a.ts": 'import "./b.ts";', "b.ts": "let b = ;" },
    /^It failed at \/.*\/b\.ts:1: Expression expected$/,
  ],
  [
    "a syntax error in a module of a version",
    { "a.mjs": 'import "./b.ts?v=9c7c5d.1";', "b.ts": "\nlet b = ;" },
    /^It failed at \/.*\/b\.ts:2: Expression expected$/,
  ],
  [
    "an enum",
    { "a.ts": "export enum State { on }" },
    /^It failed at \/.*\/a\.ts:1: TypeScript enum is not supported in strip-only mode$/,
  ],
  [
    "a syntax error in a CommonJS file",
    { "a.mjs": 'import "./b.cjs";', "b.cjs": "\nlet b = ;" },
    /^It failed at \/.*\/b\.cjs:2: Unexpected token ';'$/,
  ],
  [
    "a syntax error in JavaScript, of which Node does not tell the place",
    { "a.mjs": "let b = ;" },
    /^It failed: Unexpected token ';'\. The error is in that file or in one that it imports; node --check FILE shows where\.$/,
  ],
  [
    "an export that is not there",
    { "a.mjs": 'import { b } from "./b.mjs";', "b.mjs": "export const a = 1;" },
    /^It failed at \/.*\/a\.mjs:1: The requested module '\.\/b\.mjs' does not provide an export named 'b'$/,
  ],
  [
    "a file that is not there",
    { "a.mjs": 'import "./b.mjs";' },
    /^It failed: Cannot find module '.*\/b\.mjs' imported from .*\/a\.mjs$/,
  ],
  [
    "a package that is not there",
    { "a.mjs": 'import "not-installed-anywhere";' },
    /^It failed: Cannot find package 'not-installed-anywhere' imported from .*\/a\.mjs$/,
  ],
])("the message for %s has the place of the error", async (_what, files, message) => {
  expect(importError(await failureOf(files), "It")).toMatchObject({
    code: "IMPORT_FAILED",
    message: expect.stringMatching(message),
    cause: expect.any(Error),
  });
});

it("the message for TypeScript in an installed package names it", async () => {
  const thrown = await failureOf({ "a.mjs": 'import "b/b.ts";', "node_modules/b/b.ts": "let b: number;" });
  expect(importError(thrown, "It")).toMatchObject({
    code: "ENTRY_UNRESOLVED",
    message: expect.stringContaining("TypeScript in an installed package"),
  });
});

it.each([
  ["throws", 'throw new Error("no pump");'],
  ["throws a SyntaxError of its own", 'JSON.parse("{");'],
  ["compiles text that is none", 'new Function("let b = ;");'],
])("code that %s is not an import error", async (_what, code) => {
  const thrown = await failureOf({ "a.mjs": code });
  expect(thrown).toBeInstanceOf(Error);
  expect(importError(thrown, "It")).toBeUndefined();
});

it.each([
  ["no error", "no"],
  [
    "an error that throws when it is looked at",
    new Proxy(new Error("hidden"), {
      getPrototypeOf: () => {
        throw new Error("seen");
      },
    }),
  ],
  [
    "an error whose stack is a getter that throws",
    Object.defineProperty(new Error("hidden"), "stack", {
      get: () => {
        throw new Error("seen");
      },
    }),
  ],
])("%s is not an import error", (_what, thrown) => {
  expect(importError(thrown, "It")).toBeUndefined();
});
