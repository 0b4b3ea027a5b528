import { existsSync } from "node:fs";
import { format } from "node:util";
import { readConfig, resolveInHome, type ServiceConfig } from "@peek/config";
import { PeekError } from "@peek/errors";
import { PluginLoader } from "@peek/loader";
import { checkConnection, packageConditions } from "@peek/platform";
import type { Logger } from "@peek/plugin-base";
import { type LocalService, sourcesOf } from "./LocalService.ts";
import { webProblems } from "./webProblems.ts";

/** The result of checking one service without starting it. */
export interface ServiceCheck {
  readonly service: string;
  readonly configFile: string;
  /** The mistakes that prevent the service, or one of its plugins, from running. */
  readonly mistakes: readonly string[];
  /** Oddities that are probably mistakes. */
  readonly warnings: readonly string[];
  /** How many plugins would be loaded. */
  readonly plugins: number;
}

/** Checks a service's configuration and the manifest of every plugin that it enables; undefined without a home. */
export async function checkService(service: LocalService): Promise<ServiceCheck | undefined> {
  const { home, name } = service;
  if (!existsSync(home.dir)) return undefined;
  const check = { service: name, configFile: home.configFile, mistakes: [], warnings: [], plugins: 0 };
  try {
    const read = readConfig(home.configFile);
    if (read === undefined) return { ...check, warnings: ["it is missing; the next start creates it with defaults"] };
    const { config, unknownKeys } = read;
    const warnings: string[] = unknownKeys.map(
      ({ path, nearest }) =>
        `it has an unknown key ${path}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`,
    );
    if (service.dir === undefined)
      warnings.push(`the ${name} service is not installed beside this command; only plugins in its home were found`);
    const loader = new PluginLoader({
      service: name,
      serviceVersion: "",
      enabled: config.plugin.enabled,
      sources: sourcesOf(service, config),
      conditions: packageConditions,
      dataPath: resolveInHome(home, config.plugin.dataPath),
      deadlines: {
        warnMs: 0,
        migrateMs: 0,
        loadMs: 0,
        startMs: 0,
        stopMs: 0,
        unloadMs: 0,
        suspendMs: 0,
        shutdownMs: 0,
      },
      getLogger: () => collectWarnings(warnings),
    });
    await loader.resolve();
    for (const plugin of loader.toLoad()) {
      for (const problem of await webProblems(plugin, [name])) warnings.push(problem.message);
    }
    const plugins = loader.status();
    const connection = await connectionMistakes(service, config);
    const failures = plugins.flatMap(({ name: plugin, state, error }) =>
      state === "failed" && error !== undefined ? [`${plugin}: ${error.message}`] : [],
    );
    const mistakes = [...connection, ...failures];
    return { ...check, mistakes, warnings, plugins: plugins.filter((plugin) => plugin.state === "resolved").length };
  } catch (error) {
    if (PeekError.is(error)) return { ...check, mistakes: [error.message] };
    throw error;
  }
}

async function connectionMistakes({ name, home }: LocalService, config: ServiceConfig): Promise<readonly string[]> {
  try {
    await checkConnection(name, home, config);
    return [];
  } catch (error) {
    if (PeekError.is(error)) return [error.message];
    throw error;
  }
}

/** The loader logs oddities as warnings; mistakes are in its status. */
function collectWarnings(warnings: string[]): Logger {
  const ignore = (): void => undefined;
  const warning = (first: unknown, ...rest: readonly unknown[]): void => {
    const [template, values] = typeof first === "string" ? [first, rest] : [String(rest[0]), rest.slice(1)];
    warnings.push(format(template, ...values));
  };
  return { debug: ignore, info: ignore, warning, error: ignore, critical: ignore, isLevelEnabled: () => true };
}
