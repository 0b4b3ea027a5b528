import { resolveInHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { WsCredentials } from "../ws/connectToExchange.ts";
import { readAuthorities } from "./readAuthorities.ts";
import { readBundle } from "./readBundle.ts";
import { serviceToken, type ServiceTokenOptions } from "./serviceToken.ts";

/**
 * What a service shows to logic's data exchange, read anew each time that the returned function is called: files may have
 * been replaced. That function throws a PeekError `TOKENS_UNUSABLE` or `TLS_UNUSABLE` while there is nothing to show.
 *
 * @throws PeekError `CONFIG_INVALID` or `TLS_UNUSABLE`, for what will not be mended while the service runs.
 */
export function wsCredentials(options: ServiceTokenOptions): () => WsCredentials {
  const credentials = (): WsCredentials => ({ ...tlsOf(options), ...tokenOf(options) });
  tlsOf(options);
  try {
    tokenOf(options);
  } catch (error) {
    if (!PeekError.is(error) || error.code !== "TOKENS_UNUSABLE") throw error;
  }
  return credentials;
}

function tokenOf(options: ServiceTokenOptions): WsCredentials {
  const { sslEnableMutualTLS } = options.config.dataExchange;
  const found = serviceToken(options);
  if (found.text !== undefined) return { token: found.text };
  if (sslEnableMutualTLS) return {};
  throw new PeekError("TOKENS_UNUSABLE", found.missing);
}

function tlsOf({ config: { dataExchange }, home }: ServiceTokenOptions): WsCredentials {
  const { useSsl, sslCertificateAuthorityBundleFilePath, sslEnableMutualTLS, sslClientBundleFilePath } = dataExchange;
  if (!useSsl) return {};
  const ca = sslCertificateAuthorityBundleFilePath;
  return {
    ...(ca !== undefined && { ca: readAuthorities(resolveInHome(home, ca)) }),
    ...(sslEnableMutualTLS &&
      sslClientBundleFilePath !== undefined &&
      readBundle(resolveInHome(home, sslClientBundleFilePath))),
  };
}
