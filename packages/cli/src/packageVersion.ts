import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const packageSchema = z.object({ version: z.string() });

/** The version of the command. */
export function packageVersion(): string {
  const file = join(import.meta.dirname, "..", "package.json");
  return packageSchema.parse(JSON.parse(readFileSync(file, "utf8"))).version;
}
