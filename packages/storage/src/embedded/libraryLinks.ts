import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
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

/**
 * Sees to the names by which the programs ask for their libraries. Packages hold no links: an install script would
 * make them, and install scripts are not run everywhere.
 *
 * @param libDir Gets the links that the package lacks; made when there are any.
 * @returns The folders to be searched for libraries; none when the package has its links.
 * @throws Error of `node:fs`
 */
export function linkLibraries(postgres: PostgresPackage, libDir: string): readonly string[] {
  const links = listedLinks(postgres);
  if (links.every((link) => existsSync(join(postgres.lib, link.name)))) return [];
  mkdirSync(libDir, { recursive: true, mode: 0o700 });
  for (const link of links) ensureLink(join(libDir, link.name), link.target);
  return [libDir, postgres.lib];
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
