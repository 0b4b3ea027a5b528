import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ServiceName } from "@peek/plugin-base";
import { z } from "zod";

/** One of the services: its name and where its package is. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  /** The folder of the service's package. */
  readonly dir: string;
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
