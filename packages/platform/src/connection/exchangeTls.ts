import { resolveInHome, type ServiceConfig, type ServiceHome } from "@peek/config";
import type { Logger } from "@peek/plugin-base";
import type { ExchangeTls } from "@peek/bus/ws";
import { readAuthorities, readBundle, type TlsBundle, TlsReloader } from "@peek/bus/identity";

type ExchangeConfig = ServiceConfig["httpServer"]["dataExchange"];

/** The files for TLS of logic's data exchange. */
interface ExchangeTlsFiles {
  readonly bundle: string;
  /** With mutual TLS. */
  readonly authorities: string | undefined;
}

/**
 * The TLS of logic's data exchange, from config.json; undefined without TLS.
 *
 * @throws PeekError `TLS_UNUSABLE`
 */
export function exchangeTls(site: ExchangeConfig, home: ServiceHome): (ExchangeTls & TlsBundle) | undefined {
  const files = filesOf(site, home);
  return files === undefined ? undefined : readTls(files);
}

/**
 * Watches the TLS files of logic's data exchange, and applies them when they are replaced; undefined without TLS.
 *
 * @param use Called with the content of the files, now and after each replacement.
 * @throws PeekError `TLS_UNUSABLE` when they are not usable now.
 */
export function followExchangeTls(
  site: ExchangeConfig,
  home: ServiceHome,
  use: (tls: ExchangeTls) => void,
  logger: Logger,
): Disposable | undefined {
  const files = filesOf(site, home);
  if (files === undefined) return undefined;
  const { bundle, authorities } = files;
  return new TlsReloader({
    files: authorities === undefined ? [bundle] : [bundle, authorities],
    read: () => readTls(files),
    use,
    logger,
  });
}

function filesOf(site: ExchangeConfig, home: ServiceHome): ExchangeTlsFiles | undefined {
  const { useSsl, sslBundleFilePath, sslEnableMutualTLS } = site;
  if (!useSsl || sslBundleFilePath === undefined) return undefined;
  const authorities = site.sslMutualTLSCertificateAuthorityBundleFilePath;
  const isMutual = sslEnableMutualTLS && authorities !== undefined;
  return {
    bundle: resolveInHome(home, sslBundleFilePath),
    authorities: isMutual ? resolveInHome(home, authorities) : undefined,
  };
}

function readTls({ bundle, authorities }: ExchangeTlsFiles): ExchangeTls & TlsBundle {
  const own = readBundle(bundle);
  return authorities === undefined ? own : { ...own, clientAuthorities: readAuthorities(authorities) };
}
