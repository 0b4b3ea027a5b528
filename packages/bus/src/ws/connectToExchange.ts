import { WebSocket } from "ws";
import { pemList, type PemTexts } from "../pemList.ts";
import { exchangePath, maxFrameBytes, protocol } from "./exchangeProtocol.ts";

/** The credentials that a service presents to an exchange, and the authorities that it trusts. PEM texts. */
export interface WsCredentials {
  readonly token?: string | undefined;
  readonly ca?: PemTexts | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /**
   * The SHA-256 fingerprint of the exchange's certificate, as `node:tls` formats it. No other certificate is accepted then, even if a
   * known authority signed it, and host names are not compared. The certificate must be in `ca`. Default: unknown.
   */
  readonly fingerprint?: string;
}

/** Starts to connect to an exchange. */
export function connectToExchange(url: string, credentials: WsCredentials, handshakeMs: number): WebSocket {
  const { token, ca, cert, key, fingerprint } = credentials;
  return new WebSocket(url + exchangePath, protocol, {
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    handshakeTimeout: handshakeMs,
    ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    ...(ca !== undefined && { ca: pemList(ca) }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(fingerprint !== undefined && {
      allowPartialTrustChain: true,
      checkServerIdentity: (_host: string, certificate: unknown) => fingerprintError(certificate, fingerprint),
    }),
  });
}

/** Why a certificate does not have a fingerprint; undefined when it has. */
function fingerprintError(certificate: unknown, fingerprint: string): Error | undefined {
  const isSame =
    typeof certificate === "object" &&
    certificate !== null &&
    "fingerprint256" in certificate &&
    certificate.fingerprint256 === fingerprint;
  if (isSame) return undefined;
  return new Error("the server there has another certificate than logic's own. Check that logic listens there");
}
