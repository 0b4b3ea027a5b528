import { WebSocket } from "ws";
import { pemList, type PemTexts } from "../pemList.ts";
import { exchangePath, maxFrameBytes, protocol } from "./exchangeProtocol.ts";

/** What a service shows to be let in; and for TLS, whom it trusts. PEM texts. */
export interface WsCredentials {
  readonly token?: string | undefined;
  readonly ca?: PemTexts | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /**
   * SHA-256 of the exchange's own certificate, as Node writes it, where that is known: no other is taken, whoever has signed
   * it, and no name is compared. It must be in `ca`. Default: unknown.
   */
  readonly fingerprint?: string;
}

/** Begins to connect to an exchange. */
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
      checkServerIdentity: (_host: string, shown: unknown) => fingerprintError(shown, fingerprint),
    }),
  });
}

/** Why a certificate, as Node gives it, is not the one of a fingerprint; undefined when it is. */
function fingerprintError(shown: unknown, fingerprint: string): Error | undefined {
  const isSame =
    typeof shown === "object" && shown !== null && "fingerprint256" in shown && shown.fingerprint256 === fingerprint;
  if (isSame) return undefined;
  return new Error("what listens there has another certificate than logic's own. See that it is logic that listens");
}
