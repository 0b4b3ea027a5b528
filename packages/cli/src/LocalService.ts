import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { readConfig, type ServiceConfig, serviceConfigSchema, type ServiceHome, serviceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { PluginSource } from "@peek/loader";
import { pluginSources } from "@peek/platform";
import { type ServiceName, serviceNames } from "@peek/plugin-base";
import { z } from "zod";

const packageSchema = z.object({ name: z.string().optional() });

/** A service on this machine: its home and its package. */
export interface LocalService {
  readonly name: ServiceName;
  readonly home: ServiceHome;
  /** The folder of its package; undefined where it is not installed beside this command. */
  readonly dir: string | undefined;
}

/** The services of these names; default: all. */
export function localServices(names: readonly ServiceName[] = serviceNames): readonly LocalService[] {
  return names.map((name) => ({ name, home: serviceHome(name), dir: serviceDir(name) }));
}

/** The sources of a service's plugins. Without its package, only those in its home. */
export function sourcesOf(service: LocalService, config: ServiceConfig): readonly PluginSource[] {
  return pluginSources(service.dir ?? service.home.dir, service.home, config);
}

/**
 * A service's configuration, or the defaults where it has none yet. Changes nothing.
 *
 * @throws PeekError as {@link readConfig}.
 */
export function configOf(service: LocalService): ServiceConfig {
  return readConfig(service.home.configFile)?.config ?? serviceConfigSchema.parse({});
}

/**
 * The folder of a service's package.
 *
 * @throws PeekError `SERVICE_NOT_FOUND`
 */
export function requireServiceDir(name: ServiceName): string {
  const dir = serviceDir(name);
  if (dir !== undefined) return dir;
  throw new PeekError(
    "SERVICE_NOT_FOUND",
    `The ${name} service is not installed beside this command. Use the peek in the folder that ${name} was deployed to, or in the workspace.`,
    { fields: { service: name } },
  );
}

/** Searches the folders above the command: the workspace with the services, or the folder that a service was deployed to. */
function serviceDir(name: ServiceName): string | undefined {
  for (const dir of upwards(realpathSync(import.meta.dirname))) {
    if (packageName(dir) === name) return dir;
    const inWorkspace = join(dir, "services", name);
    if (existsSync(join(dir, "pnpm-workspace.yaml")) && packageName(inWorkspace) === name) return inWorkspace;
  }
  return undefined;
}

function* upwards(dir: string): Generator<string> {
  yield dir;
  const parent = dirname(dir);
  if (parent !== dir) yield* upwards(parent);
}

function packageName(dir: string): string | undefined {
  const file = join(dir, "package.json");
  if (!existsSync(file)) return undefined;
  try {
    return packageSchema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data?.name;
  } catch {
    // The package.json of a folder above may belong to another program and be malformed.
    return undefined;
  }
}
