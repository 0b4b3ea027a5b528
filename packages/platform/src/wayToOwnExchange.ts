import { X509Certificate } from "node:crypto";
import type { ServiceConfig, ServiceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { WsCredentials } from "@peek/bus/ws";
import { serviceToken } from "@peek/bus/identity";
import { exchangeTls } from "./exchangeTls.ts";

/** How logic's own data exchange is reached on its machine. */
export interface WayToOwnExchange {
  /** Of logic, as that of a service which connects to it. */
  readonly config: ServiceConfig;
  readonly credentials: () => WsCredentials;
}

/**
 * How a command on logic's machine reaches its data exchange: where that listens, with the token that logic made for itself;
 * with TLS, known by the very certificate that logic has, which is also what is shown where one must be.
 */
export function wayToOwnExchange({
  home,
  config,
}: {
  readonly home: ServiceHome;
  readonly config: ServiceConfig;
}): WayToOwnExchange {
  const { host, sitePort, useSsl } = config.httpServer.dataExchange;
  const isAnywhere = host === "0.0.0.0" || host === "::";
  const dataExchange = { ...config.dataExchange, host: isAnywhere ? "127.0.0.1" : host, httpPort: sitePort, useSsl };
  const seen = { ...config, dataExchange };
  const credentials = (): WsCredentials => {
    const token = serviceToken({ config: seen, home, service: "logic" });
    if (token.text === undefined) {
      throw new PeekError("TOKENS_UNUSABLE", "logic has not been started on this machine yet");
    }
    const tls = exchangeTls(config.httpServer.dataExchange, home);
    if (tls === undefined) return { token: token.text };
    const { cert, key, clientAuthorities } = tls;
    const { fingerprint256: fingerprint } = new X509Certificate(cert);
    return { token: token.text, ca: cert, fingerprint, ...(clientAuthorities !== undefined && { cert, key }) };
  };
  return { config: seen, credentials };
}
