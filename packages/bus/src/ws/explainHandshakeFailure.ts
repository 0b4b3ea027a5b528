import { messageOf } from "@peek/errors";

/** The first byte of a TLS handshake. */
const handshake = 0x16;

/**
 * What OpenSSL makes of a first record that is not TLS; bytes at random were sent to see which there are. Those whose first
 * three look like a hello of SSL 2 are complained of by their length.
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
 * What somebody did who connected to the exchange and did not speak its language; undefined for one who merely went away.
 *
 * @param secure Whether the port is for TLS.
 */
export function explainHandshakeFailure(error: Error, secure: boolean): string | undefined {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (["ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ECONNABORTED"].includes(code)) return undefined;
  const packet = "rawPacket" in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : undefined;
  if (packet?.[0] === handshake && !secure) {
    return "it speaks TLS, and this port is plain; set dataExchange.useSsl to false there, or httpServer.dataExchange.useSsl to true here";
  }
  if (notTls.has(code)) {
    return "it does not speak TLS, and this port does; set dataExchange.useSsl to true there";
  }
  if (code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE") {
    return "it showed no certificate; set dataExchange.sslEnableMutualTLS and sslClientBundleFilePath there";
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT" || code === "ERR_TLS_HANDSHAKE_TIMEOUT") return "it asked for nothing";
  if (code.startsWith("HPE_")) return "what it sent is not HTTP";
  return messageOf(error).slice(0, 300);
}
