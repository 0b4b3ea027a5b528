import { withoutJit } from "@peek/config";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const packageSchema = z.object({ name: z.string() });

/** The real path of a folder if it holds a package. */
export function packageFolder(dir: string): string | undefined {
  // Node identifies modules by their real path, so that a plugin's root has to be a real path too.
  return existsSync(join(dir, "package.json")) ? realpathSync.native(dir) : undefined;
}

/** The packages in some folders, by their npm names; a folder without a package is skipped. */
export function packagesIn(dirs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    dirs.flatMap((each) => {
      const dir = packageFolder(each);
      const name = dir === undefined ? undefined : packageNameIn(dir);
      return dir === undefined || name === undefined ? [] : [[name, dir] as const];
    }),
  );
}

function packageNameIn(dir: string): string | undefined {
  try {
    return packageSchema.safeParse(JSON.parse(readFileSync(join(dir, "package.json"), "utf8")), withoutJit).data?.name;
  } catch {
    // A package.json that is being edited may be malformed for a moment.
    return undefined;
  }
}
