import { resolveInHome, type ServiceConfig, type ServiceHome } from "@peek/config";
import type { Logger } from "@peek/plugin-base";
import { readBundle, type TlsBundle, TlsReloader } from "@peek/bus/identity";

type SiteConfig = Pick<ServiceConfig["httpServer"]["field"], "useSsl" | "sslBundleFilePath">;

/**
 * The certificate of a site for browsers, from config.json; undefined without TLS.
 *
 * @throws PeekError `TLS_UNUSABLE`
 */
export function siteTls(site: SiteConfig, home: ServiceHome): TlsBundle | undefined {
  const file = fileOf(site, home);
  return file === undefined ? undefined : readBundle(file);
}

/**
 * Watches the certificate of a site, and applies it when it is renewed; undefined without TLS.
 *
 * @param use Called with the certificate, now and after each renewal.
 * @throws PeekError `TLS_UNUSABLE` when it is not usable now.
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
