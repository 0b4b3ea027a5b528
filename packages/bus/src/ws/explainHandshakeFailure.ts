import { messageOf } from "@peek/errors";

/** The first byte of a TLS handshake. */
const tlsHandshake = 0x16;

/**
 * The codes of OpenSSL for a first record that is not TLS, found by sending it random bytes. Some depend on the length, when the
 * first three bytes look like a hello of SSL 2.
 */
const notTls: ReadonlySet<string> = new Set([
  "ERR_SSL_HTTP_REQUEST",
  "ERR_SSL_HTTPS_PROXY_REQUEST",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_DATA_LENGTH_TOO_LONG",
  "ERR_SSL_LENGTH_TOO_SHORT",
  "ERR_SSL_LENGTH_MISMATCH",
  "ERR_SSL_RECORD_LENGTH_MISMATCH",
  "ERR_SSL_UNEXPECTED_MESSAGE",
  "ERR_SSL_BAD_CHANGE_CIPHER_SPEC",
]);

/**
 * Explains why a connection to the exchange failed before its request was complete.
 *
 * @param isSecure Whether the port uses TLS.
 * @returns The middle of a sentence about the client; undefined when the client merely disconnected.
 */
export function explainHandshakeFailure(error: Error, isSecure: boolean): string | undefined {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ECONNABORTED"].includes(code)) return undefined;
  const packet = "rawPacket" in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : undefined;
  if (packet?.[0] === tlsHandshake && !isSecure) {
    return "it uses TLS, and this port does not; set dataExchange.useSsl to false there, or httpServer.dataExchange.useSsl to true here";
  }
  if (notTls.has(code)) {
    return "it does not use TLS, and this port does; set dataExchange.useSsl to true there";
  }
  if (code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") {
    return "it presented no certificate; set dataExchange.sslEnableMutualTLS and sslClientBundleFilePath there";
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT" || code === "ERR_TLS_HANDSHAKE_TIMEOUT") return "it sent no request in time";
  if (code.startsWith("HPE_")) return "it does not speak HTTP";
  return messageOf(error).slice(0, 300);
}
