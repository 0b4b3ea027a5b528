import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PeekError } from "@peek/plugin-base";
import { type BuiltShell, builtShellFile, builtShellSchema } from "@peek/web/protocol";

/** The development build of the shell, whose React can refresh components. */
export interface DevelopmentShell extends BuiltShell {
  /** The folder of its files. */
  readonly dir: string;
}

/** The build of this package makes it. */
const dir = join(import.meta.dirname, "..", "..", "shell");

/** @throws PeekError `WEB_BUILD_INVALID` when it is not built. */
export function readDevelopmentShell(): DevelopmentShell {
  try {
    return { dir, ...builtShellSchema.parse(JSON.parse(readFileSync(join(dir, builtShellFile), "utf8"))) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new PeekError(
      "WEB_BUILD_INVALID",
      `The development build of the shell in ${dir} is missing: ${message}. Build @peek/vite-plugin.`,
      {
        cause,
      },
    );
  }
}
