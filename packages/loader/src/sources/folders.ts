import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** The real path of a folder if it holds a package. */
export function packageFolder(dir: string): string | undefined {
  // Modules are known by their real path; a plugin's root must be the same one, or its files would not be inside.
  return existsSync(join(dir, "package.json")) ? realpathSync(dir) : undefined;
}
