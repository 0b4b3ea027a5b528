import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checksumOf } from "../src/migration/checksumOf.ts";
import { pluginFolder } from "./support.ts";

const imports = `import { type MigrationDatabase, sql } from "@peek/plugin-base/storage";`;

const typeImport = `import type { MigrationDatabase } from "@peek/plugin-base/storage";`;

/** Source texts of migrations, by their peculiarity. */
const samples: Readonly<Record<string, string>> = {
  "types of values": `${imports}
    interface Row { readonly id: number; name?: string }
    type Rows = readonly Row[];
    export async function up(db: MigrationDatabase): Promise<void> {
      const rows: Rows = [{ id: 1 }] satisfies Rows;
      const first = rows[0]! as Row;
      const ids = (rows as Rows).map((row: Row): number => (row.id as number) + 1);
      await sql\`SELECT \${first.id}, \${(ids as number[]).length}\`.execute(db);
    }`,
  "an import of types alone": `import type { MigrationDatabase } from "@peek/plugin-base/storage";
    export async function up(db: MigrationDatabase): Promise<void> { await db.schema.dropTable("a").execute(); }`,
  "an import of nothing but types": `import { type MigrationDatabase } from "@peek/plugin-base/storage";
    export async function up(db: MigrationDatabase): Promise<void> { await db.schema.dropTable("a").execute(); }`,
  "quotes, commas, semicolons and comments": `${typeImport}
    // Why it is so.
    export async function up(db: MigrationDatabase,): Promise<void> {
      /* Both kinds. */
      const names = ['a', "b", \`c\`, 'it\\'s', "\\u00e4", "ä",];;
      for (const name of names) { await db.schema.dropTable(name).execute() }
    }`,
  "numbers in every way": `${imports}
    export const up = async (db: MigrationDatabase): Promise<void> => {
      await sql\`SELECT \${[1_000, 0xff, 1e3, .5, 10n, 0b11]}\`.execute(db);
    };`,
  "generics, classes and overloads": `${typeImport}
    class Maker<Name extends string = string> {
      readonly name: Name;
      private count?: number = 1;
      declare kind: string;
      constructor(name: Name) { this.name = name; }
    }
    function twice(value: string): string;
    function twice(value: number): number;
    function twice(value: any): any { return value + value; }
    export async function up(this: void, db: MigrationDatabase): Promise<void> {
      await db.schema.dropTable(twice(new Maker<"a">("a").name)).execute();
    }`,
  "helpers beside it": `${typeImport}
    import { tables } from "./shared/tables.ts";
    export type { MigrationDatabase } from "@peek/plugin-base/storage";
    export async function up(db: MigrationDatabase): Promise<void> {
      const more = await import("./shared/more.ts");
      for (const table of [...tables, ...more.tables]) await db.schema.dropTable(table).execute();
    }
    export {};`,
  "regular expressions and raw texts": `${imports}
    export async function up(db: MigrationDatabase): Promise<void> {
      const pattern = /^\\d+"'$/giu;
      const path = String.raw\`a\\nb\`;
      await sql\`SELECT \${pattern.source}, \${path}, E'\\\\n'\`.execute(db);
    }`,
};

const options: Readonly<Record<string, readonly string[]>> = {
  "as this workspace does": ["--verbatimModuleSyntax"],
  "without verbatimModuleSyntax": [],
  "without comments": ["--removeComments"],
};

describe("The checksum of a migration", () => {
  it.each(Object.keys(options))("is the same for TypeScript and the compiled JavaScript, %s", async (how) => {
    const dir = pluginFolder();
    mkdirSync(join(dir, "src"));
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
    const files = Object.values(samples).map((source, index) => {
      const file = join(dir, "src", `000${index + 1}_sample.ts`);
      writeFileSync(file, source);
      return file;
    });
    const compiler = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../lib/tsc.js");
    const common = ["--target", "es2024", "--module", "nodenext", "--noCheck", "--rewriteRelativeImportExtensions"];
    // The compiler also reports missing imports, which do not affect its output.
    spawnSync(
      process.execPath,
      [
        compiler,
        ...common,
        ...(options[how] ?? []),
        "--rootDir",
        join(dir, "src"),
        "--outDir",
        join(dir, "dist"),
        ...files,
      ],
      { cwd: dir, stdio: "ignore" },
    );
    for (const [index, [what, source]] of Object.entries(samples).entries()) {
      const built = join(dir, "dist", `000${index + 1}_sample.js`);
      const checksums = [await checksumOf("x.ts", source), await checksumOf(built, readFileSync(built, "utf8"))];
      expect([what, checksums[1]]).toEqual([what, checksums[0]]);
    }
  });

  const base = `${imports}\nexport async function up(db) { await sql\`SELECT 'a' FROM \${"b"}\`.execute(db); }`;

  it.each([
    ["a comment", base.replace("{ await", "{ // why\n await")],
    ["layout", base.replaceAll(" ", "  ").replaceAll("SELECT  'a'  FROM  ", "SELECT 'a' FROM ")],
    ["quotes", base.replace('"b"', "'b'")],
    ["ends of lines", base.replaceAll("\n", "\r\n")],
    ["types", base.replace("(db)", "(db: MigrationDatabase): Promise<void>")],
  ])("is the same with other %s", async (_what, edited) => {
    expect(edited).not.toBe(base);
    expect(await checksumOf("x.ts", edited)).toBe(await checksumOf("x.ts", base));
  });

  it.each([
    ["SQL", base.replace("SELECT 'a'", "SELECT 'A'")],
    ["spaces within SQL", base.replace("SELECT 'a'", "SELECT  'a'")],
    ["value", base.replace('"b"', '"c"')],
    ["number for a text", base.replace('"b"', "1")],
    ["statement more", base.replace("{ await", "{ await sql`SELECT 1`.execute(db); await")],
    ["await less", base.replace("await sql", "void sql")],
    ["import of another", base.replace("@peek/plugin-base/storage", "@peek/plugin-base")],
    ["raw text", base.replace("sql`SELECT", "String.raw`\\u0041`; sql`SELECT")],
  ])("differs with one %s", async (_what, edited) => {
    expect(edited).not.toBe(base);
    expect(await checksumOf("x.ts", edited)).not.toBe(await checksumOf("x.ts", base));
  });

  it("ignores down() and its imports, so that they can be written later", async () => {
    const up = 'export async function up(db) { await db.schema.dropTable("a").execute(); }';
    const forth = await checksumOf("0001_a.js", up);
    const ways = [
      `import { sql } from "@peek/plugin-base/storage";\n${up}\nexport async function down(db) { await sql\`SELECT 1\`.execute(db); }`,
      `${up}\nexport const down = async () => {};`,
    ];
    for (const both of ways) expect(await checksumOf("0001_a.js", both)).toBe(forth);
    expect(await checksumOf("0001_a.js", `${up}\nconst down = 1;`)).not.toBe(forth);
  });

  it("distinguishes the raw texts of tagged templates", async () => {
    const raw = (text: string): string => `export const up = () => String.raw\`${text}\`;`;
    expect(await checksumOf("x.js", raw("\\n"))).not.toBe(await checksumOf("x.js", raw("\n")));
    expect(await checksumOf("x.js", raw("\\x"))).not.toBe(await checksumOf("x.js", raw("\\u")));
  });

  it("distinguishes regular expressions, bigints and numbers", async () => {
    const values = ["/a/", "/b/", "/a/g", "1n", "2n", "1", "'1'", "null", "true"];
    const checksums = await Promise.all(values.map((value) => checksumOf("x.js", `export const up = ${value};`)));
    expect(new Set(checksums).size).toBe(values.length);
  });
});
