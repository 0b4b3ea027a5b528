import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "@peek/errors";
import { z } from "zod";
import { packError } from "./packError.ts";

const ranges = z.record(z.string(), z.string()).default({});

/** The keys of package.json that packing depends on; the others are copied. */
const npmPackageSchema = z.looseObject({
  name: z.string(),
  version: z.string().optional(),
  files: z.array(z.string()).optional(),
  dependencies: ranges,
  optionalDependencies: ranges,
  peerDependencies: ranges,
  publishConfig: z.record(z.string(), z.unknown()).optional(),
});

/** A package on the disk, and its package.json. */
export interface NpmPackage {
  /** Its real folder. */
  readonly dir: string;
  readonly json: z.infer<typeof npmPackageSchema>;
}

/** @throws PeekError `PLUGIN_NOT_PACKABLE` for a folder without a valid package.json. */
export function readNpmPackage(dir: string): NpmPackage {
  const file = join(dir, "package.json");
  try {
    return { dir: realpathSync.native(dir), json: npmPackageSchema.parse(JSON.parse(readFileSync(file, "utf8"))) };
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll("\n", " ") : messageOf(cause);
    throw packError(dir, `is no package: package.json cannot be read: ${why}. Name the folder of a plugin.`, cause);
  }
}

/** The installed package that the code of another one gets by a name, as Node finds it; undefined where it is not installed. */
export function dependencyOf({ dir }: NpmPackage, name: string): NpmPackage | undefined {
  for (let folder = dir; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return readNpmPackage(candidate);
    if (dirname(folder) === folder) return undefined;
  }
}
