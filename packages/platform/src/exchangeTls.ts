import { resolveInHome, type ServiceConfig, type ServiceHome } from "@peek/config";
import type { ExchangeTls } from "@peek/vortex";
import { readAuthorities, readBundle } from "@peek/vortex/identity";

/**
 * The TLS of logic's data exchange, out of config.json; undefined when it is plain.
 *
 * @throws PeekError `TLS_UNUSABLE`
 */
export function exchangeTls(
  site: ServiceConfig["httpServer"]["dataExchange"],
  home: ServiceHome,
): ExchangeTls | undefined {
  const { useSsl, sslBundleFilePath, sslEnableMutualTLS } = site;
  if (!useSsl || sslBundleFilePath === undefined) return undefined;
  const { cert, key } = readBundle(resolveInHome(home, sslBundleFilePath));
  const authorities = site.sslMutualTLSCertificateAuthorityBundleFilePath;
  return sslEnableMutualTLS && authorities !== undefined
    ? { cert, key, clientAuthorities: readAuthorities(resolveInHome(home, authorities)) }
    : { cert, key };
}
