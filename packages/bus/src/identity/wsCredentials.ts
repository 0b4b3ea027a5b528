import { resolveInHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { WsCredentials } from "../ws/connectToExchange.ts";
import { readAuthorities } from "./readAuthorities.ts";
import { readBundle } from "./readBundle.ts";
import { serviceToken, type ServiceTokenOptions } from "./serviceToken.ts";

/**
 * Returns a function that reads the credentials of a service for logic's data exchange: anew with each call, since files may have
 * been replaced. The function throws a PeekError `TOKENS_UNUSABLE` or `TLS_UNUSABLE` while there are no usable credentials.
 *
 * @throws PeekError `CONFIG_INVALID` or `TLS_UNUSABLE` for a mistake that needs a restart to fix.
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
  const token = serviceToken(options);
  if (token.text !== undefined) return { token: token.text };
  if (sslEnableMutualTLS) return {};
  throw new PeekError("TOKENS_UNUSABLE", token.missing);
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
