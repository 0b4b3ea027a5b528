import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { decodeUtf8 } from "@peek/config";
import { messageOf, PeekError } from "@peek/errors";
import { checksumOf } from "./checksumOf.ts";

/** A migration in a plugin's package. */
export interface MigrationFile {
  /** The digits at the beginning of its name, which decide the order. */
  readonly number: bigint;
  /** The name of its file without the extension, by which it is recorded: `0001_create_tables`. */
  readonly name: string;
  /** An absolute path. */
  readonly file: string;
  /** See {@link checksumOf}. */
  readonly checksum: string;
}

const namePattern = /^(\d{1,18})[-_][A-Za-z0-9][A-Za-z0-9_-]{0,150}$/;
const extensions = [".ts", ".js", ".mjs"];
/** More than any migration that was written by hand. */
const maxBytes = 1_000_000;

/**
 * Reads a plugin's migrations, in order. Runs none of their code.
 *
 * @param dir `storage.migrationsDir`, absolute; undefined for a plugin that has none.
 * @throws PeekError `MIGRATIONS_UNREADABLE`
 */
export async function readMigrations(dir: string | undefined): Promise<readonly MigrationFile[]> {
  if (dir === undefined) return [];
  const names = (await listFiles(dir)).filter(isModule);
  const migrations = await Promise.all(names.map((name) => readMigration(dir, name)));
  migrations.sort((a, b) => (a.number < b.number ? -1 : 1));
  rejectDuplicateNumbers(dir, migrations);
  return migrations;
}

async function listFiles(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (cause) {
    throw unreadable(
      `The folder of migrations ${dir} cannot be read: ${messageOf(cause)}. The folder is set by storage.migrationsDir in plugin_package.json, relative to the folder of the package's entry. If the package is new, build it.`,
      dir,
      cause,
    );
  }
}

/** Whether a file is code: a build also writes declarations and source maps. */
function isModule(name: string): boolean {
  return extensions.includes(extname(name)) && !name.endsWith(".d.ts");
}

async function readMigration(dir: string, fileName: string): Promise<MigrationFile> {
  const file = join(dir, fileName);
  const name = fileName.slice(0, -extname(fileName).length);
  const digits = namePattern.exec(name)?.[1];
  if (digits === undefined) {
    throw unreadable(
      `${file} does not have the name of a migration. Use a number and a description, such as 0001_create_tables.ts; move other code to another folder.`,
      file,
    );
  }
  return { number: BigInt(digits), name, file, checksum: await checksumOfFile(file) };
}

async function checksumOfFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw new Error(`its size is ${size} bytes, and the maximum is ${maxBytes}`);
    return await checksumOf(file, decodeUtf8(await readFile(file)));
  } catch (cause) {
    throw unreadable(`The migration ${file} cannot be read: ${messageOf(cause)}.`, file, cause);
  }
}

function rejectDuplicateNumbers(dir: string, migrations: readonly MigrationFile[]): void {
  for (const [index, { number, name }] of migrations.entries()) {
    const next = migrations[index + 1];
    if (next?.number !== number) continue;
    throw unreadable(
      `${dir} has two migrations with the number ${number}: ${name} and ${next.name}. Give each a number of its own.`,
      dir,
    );
  }
}

function unreadable(message: string, file: string, cause?: unknown): PeekError {
  return new PeekError("MIGRATIONS_UNREADABLE", message, { cause, fields: { file } });
}
