import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ServiceName } from "@peek/plugin-base";
import { z } from "zod";

/** What makes one service different from the others. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  /** The folder of the service's package. */
  readonly dir: string;
  /**
   * What it has to do with the database: the `owner` runs the embedded one and migrates the plugins' schemas; a
   * `user` finds it and waits for that. Default: it has none.
   */
  readonly storage?: "owner" | "user";
}

const packageSchema = z.object({ version: z.string() });

/** The version in the service's package.json. */
export function serviceVersion(definition: ServiceDefinition): string {
  return packageSchema.parse(JSON.parse(readFileSync(join(definition.dir, "package.json"), "utf8"))).version;
}

/** {@link serviceVersion}, which an upgrade may have changed; `"none"` while there is no package.json to read. */
export function tryServiceVersion(definition: ServiceDefinition): string {
  try {
    return serviceVersion(definition);
  } catch {
    return "none";
  }
}
