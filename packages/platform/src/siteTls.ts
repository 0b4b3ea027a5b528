import { resolveInHome, type ServiceConfig, type ServiceHome } from "@peek/config";
import type { Logger } from "@peek/plugin-base";
import { readBundle, type TlsBundle, TlsReloader } from "@peek/bus/identity";

type SiteConfig = Pick<ServiceConfig["httpServer"]["field"], "useSsl" | "sslBundleFilePath">;

/**
 * The certificate of a site for browsers, out of config.json; undefined when it is plain.
 *
 * @throws PeekError `TLS_UNUSABLE`
 */
export function siteTls(site: SiteConfig, home: ServiceHome): TlsBundle | undefined {
  const file = fileOf(site, home);
  return file === undefined ? undefined : readBundle(file);
}

/**
 * Has a site use its certificate, also when that is renewed; undefined when it is plain.
 *
 * @param use Takes what is read, at once and then.
 * @throws PeekError `TLS_UNUSABLE` when it cannot be used now.
 */
export function followSiteTls(
  site: SiteConfig,
  home: ServiceHome,
  use: (tls: TlsBundle) => void,
  logger: Logger,
): Disposable | undefined {
  const file = fileOf(site, home);
  if (file === undefined) return undefined;
  return new TlsReloader({ files: [file], read: () => readBundle(file), use, logger });
}

function fileOf({ useSsl, sslBundleFilePath }: SiteConfig, home: ServiceHome): string | undefined {
  return useSsl && sslBundleFilePath !== undefined ? resolveInHome(home, sslBundleFilePath) : undefined;
}
