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

/** The folder of the built shell, which the service's package depends on; undefined when it is not installed. */
function shellDirOf({ dir }: ServiceDefinition): string | undefined {
  try {
    const manifest = createRequire(join(dir, "package.json")).resolve("@peek/shell/package.json");
    const dist = join(dirname(manifest), "dist");
    return existsSync(dist) ? dist : undefined;
  } catch {
    return undefined;
  }
}
