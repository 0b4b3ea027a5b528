import { resolveInHome, type ServiceConfig, type ServiceHome } from "@peek/config";
import { readAuthorities, readBundle } from "@peek/bus/identity";
import type { NatsConfig } from "@peek/bus/nats";

/**
 * The settings of the connection to NATS, from config.json.
 *
 * @throws PeekError `TLS_UNUSABLE`
 */
export function natsConfigOf(config: ServiceConfig["dataExchange"]["nats"], home: ServiceHome): NatsConfig {
  const { servers, user, password, token, credentialsFilePath, useSsl } = config;
  const { sslCertificateAuthorityBundleFilePath: authorities, sslClientBundleFilePath: bundle } = config;
  return {
    servers,
    user,
    password,
    token,
    ...(credentialsFilePath !== undefined && { credentialsFile: resolveInHome(home, credentialsFilePath) }),
    ...((useSsl || servers.some((server) => server.startsWith("tls:"))) && {
      tls: {
        ...(authorities !== undefined && { ca: readAuthorities(resolveInHome(home, authorities)).join("\n") }),
        ...(bundle !== undefined && readBundle(resolveInHome(home, bundle))),
      },
    }),
  };
}
