import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { PostgresPackage } from "./PostgresPackage.ts";

/** A further name of a library, which programs use to load it. */
interface LibraryLink {
  readonly name: string;
  /** The absolute path of the library. */
  readonly target: string;
}

const listSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** The separators of a search path, which cannot occur in the names of its folders. */
const separators = /[:;]/;

/** The search path of the programs' libraries. */
export interface LibraryLinks {
  /** The folders to search; none when the package has its links. */
  readonly folders: readonly string[];
  /** Removes temporary folders, when the programs have ended. */
  readonly remove: () => void;
}

/**
 * Creates the symbolic links by which the programs load their libraries. npm packages cannot contain links; the install
 * script of the package creates them, but package managers may not run install scripts.
 *
 * @param libDir The folder of the links that the package lacks, created if there are any. If its path cannot be part of a
 *   search path, a temporary folder is used.
 * @throws Error of `node:fs`
 */
export function linkLibraries(postgres: PostgresPackage, libDir: string): LibraryLinks {
  const links = listedLinks(postgres);
  if (links.every((link) => existsSync(join(postgres.lib, link.name)))) return { folders: [], remove: () => undefined };
  if (separators.test(libDir) || separators.test(postgres.lib)) return linkInTemporaryFolder(postgres, links);
  mkdirSync(libDir, { recursive: true, mode: 0o700 });
  for (const link of links) ensureLink(join(libDir, link.name), link.target);
  return { folders: [libDir, postgres.lib], remove: () => undefined };
}

function linkInTemporaryFolder(postgres: PostgresPackage, links: readonly LibraryLink[]): LibraryLinks {
  const dir = mkdtempSync(join(tmpdir(), "peek-lib-"));
  const files = readdirSync(postgres.lib).map((name) => ({ name, target: join(postgres.lib, name) }));
  for (const { name, target } of [...files, ...links]) ensureLink(join(dir, name), target);
  return { folders: [dir], remove: () => rmSync(dir, { recursive: true, force: true }) };
}

function listedLinks(postgres: PostgresPackage): readonly LibraryLink[] {
  const file = join(postgres.root, "native", "pg-symlinks.json");
  if (!existsSync(file)) return [];
  return listSchema
    .parse(JSON.parse(readFileSync(file, "utf8")))
    .filter(({ target }) => dirname(join(postgres.root, target)) === postgres.lib)
    .map(({ source, target }) => ({ name: basename(target), target: join(postgres.root, source) }));
}

/** An upgrade moves the package: a link with another target is replaced. */
function ensureLink(path: string, target: string): void {
  const present = lstatSync(path, { throwIfNoEntry: false });
  if (present?.isSymbolicLink() === true && readlinkSync(path) === target) return;
  if (present !== undefined) rmSync(path, { recursive: true });
  symlinkSync(target, path);
}
