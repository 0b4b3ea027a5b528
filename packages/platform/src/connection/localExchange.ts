import { X509Certificate } from "node:crypto";
import type { ServiceConfig, ServiceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { WsCredentials } from "@peek/bus/ws";
import { serviceToken } from "@peek/bus/identity";
import { exchangeTls } from "./exchangeTls.ts";

/** The connection to logic's data exchange on its own machine. */
export interface LocalExchange {
  /** The configuration of logic, changed to that of a service which connects to it. */
  readonly config: ServiceConfig;
  readonly credentials: () => WsCredentials;
}

/**
 * How a command on logic's machine connects to logic's data exchange: at the address where that listens, with the token that
 * logic created for itself. With TLS, it accepts exactly logic's certificate, and presents the same one for mutual TLS.
 */
export function localExchange({
  home,
  config,
}: {
  readonly home: ServiceHome;
  readonly config: ServiceConfig;
}): LocalExchange {
  const { host, sitePort, useSsl } = config.httpServer.dataExchange;
  const listensEverywhere = host === "0.0.0.0" || host === "::";
  const dataExchange = {
    ...config.dataExchange,
    host: listensEverywhere ? "127.0.0.1" : host,
    httpPort: sitePort,
    useSsl,
  };
  const asClient = { ...config, dataExchange };
  const credentials = (): WsCredentials => {
    const token = serviceToken({ config: asClient, home, service: "logic" });
    if (token.text === undefined) {
      throw new PeekError("TOKENS_UNUSABLE", "logic has not been started on this machine yet");
    }
    const tls = exchangeTls(config.httpServer.dataExchange, home);
    if (tls === undefined) return { token: token.text };
    const { cert, key, clientAuthorities } = tls;
    const { fingerprint256: fingerprint } = new X509Certificate(cert);
    return { token: token.text, ca: cert, fingerprint, ...(clientAuthorities !== undefined && { cert, key }) };
  };
  return { config: asClient, credentials };
}
