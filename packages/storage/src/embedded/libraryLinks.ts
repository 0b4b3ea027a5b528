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

/** A further name of a library, by which a program asks for it. */
interface LibraryLink {
  readonly name: string;
  /** The library; absolute. */
  readonly target: string;
}

const listSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** What divides the folders to be searched, of which none can have it in its name. */
const dividers = /[:;]/;

/** Where the programs find their libraries. */
export interface LibraryLinks {
  /** The folders to be searched; none when the package has its links. */
  readonly folders: readonly string[];
  /** Removes what is only there as long as the programs run. */
  readonly remove: () => void;
}

/**
 * Sees to the names by which the programs ask for their libraries. Packages hold no links: an install script would
 * make them, and install scripts are not run everywhere.
 *
 * @param libDir Gets the links that the package lacks; made when there are any. Where its path cannot be searched, a
 *   folder for temporary files gets them.
 * @throws Error of `node:fs`
 */
export function linkLibraries(postgres: PostgresPackage, libDir: string): LibraryLinks {
  const links = listedLinks(postgres);
  if (links.every((link) => existsSync(join(postgres.lib, link.name)))) return { folders: [], remove: () => undefined };
  if (dividers.test(libDir) || dividers.test(postgres.lib)) return linkElsewhere(postgres, links);
  mkdirSync(libDir, { recursive: true, mode: 0o700 });
  for (const link of links) ensureLink(join(libDir, link.name), link.target);
  return { folders: [libDir, postgres.lib], remove: () => undefined };
}

function linkElsewhere(postgres: PostgresPackage, links: readonly LibraryLink[]): LibraryLinks {
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

/** An upgrade moves the package: a link that points elsewhere is made anew. */
function ensureLink(path: string, target: string): void {
  const present = lstatSync(path, { throwIfNoEntry: false });
  if (present?.isSymbolicLink() === true && readlinkSync(path) === target) return;
  if (present !== undefined) rmSync(path, { recursive: true });
  symlinkSync(target, path);
}
