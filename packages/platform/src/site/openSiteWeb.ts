import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ServiceHome } from "@peek/config";
import { messageOf } from "@peek/errors";
import {
  remoteFailures,
  serveWebFailures,
  type SiteName,
  type SiteWeb,
  WebFailureLog,
  type WebModules,
} from "@peek/http";
import type { Logger, PluginRpc } from "@peek/plugin-base";
import { type ServiceDefinition, tryServiceVersion } from "../ServiceDefinition.ts";

/** The options of {@link openSiteWeb}. */
export interface OpenSiteWebOptions {
  readonly definition: ServiceDefinition;
  readonly home: ServiceHome;
  readonly site: SiteName;
  readonly modules: WebModules;
  /** The scope of the platform itself. */
  readonly rpc: PluginRpc;
  readonly logger: Logger;
}

/**
 * Makes the parts of a service that the app of its site needs. Logic logs the failures of web modules on all sites.
 *
 * @param owned Receives the resources that have to be closed in the end.
 */
export function openSiteWeb(
  { definition, home, site, modules, rpc, logger }: OpenSiteWebOptions,
  owned: AsyncDisposableStack,
): SiteWeb {
  const log = new WebFailureLog(logger);
  const isLogic = definition.name === "logic";
  if (isLogic) owned.use(serveWebFailures(rpc, log));
  const send = isLogic ? undefined : remoteFailures(rpc);
  return {
    modules,
    filesDir: join(home.dir, "web-modules"),
    version: tryServiceVersion(definition),
    shellDir: () => shellDirOf(definition),
    iconsFile: () => iconsFileOf(definition),
    appIconsDir: () => appIconsDirOf(definition),
    report: async (failure, { name }) => {
      try {
        if (send !== undefined) return await send(failure, { user: name });
      } catch (error) {
        logger.debug("Failed to pass a failure of a web module to logic: %s", messageOf(error));
      }
      log.write(failure, { user: name, site });
    },
  };
}

/** The folder of the built shell; undefined when it is not built. */
function shellDirOf(definition: ServiceDefinition): string | undefined {
  const manifest = shellManifestOf(definition);
  const dist = manifest && join(dirname(manifest), "dist");
  return dist !== undefined && existsSync(dist) ? dist : undefined;
}

function appIconsDirOf(definition: ServiceDefinition): string | undefined {
  const manifest = shellManifestOf(definition);
  return manifest && join(dirname(manifest), "icons");
}

function iconsFileOf(definition: ServiceDefinition): string | undefined {
  const manifest = shellManifestOf(definition);
  return manifest && tryResolve("@iconify-json/lucide/icons.json", manifest);
}

/** The package.json of the shell, on which the service's package depends; undefined when it is not installed. */
function shellManifestOf({ dir }: ServiceDefinition): string | undefined {
  return tryResolve("@peek/shell/package.json", join(dir, "package.json"));
}

function tryResolve(specifier: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(specifier);
  } catch {
    return undefined;
  }
}
