/** The pattern of a failure's code, and its explanation: the middle of a sentence, a full stop, and the advice. */
type Explanation = readonly [pattern: RegExp, text: string];

const compareUseSsl = "Compare useSsl on both sides, and the port";

// The first match counts.
const explanations: readonly Explanation[] = [
  [
    // Node reports this also for a missing certificate.
    /^UNABLE_TO_GET_ISSUER_CERT$/,
    "the other side presented no certificate, or one whose authority is not known here. Check that it presents one, and set its authority in the setting for authorities on this side",
  ],
  [/^CERT_HAS_EXPIRED\b/, "the other side's certificate has expired. Renew it there"],
  [/^CERT_NOT_YET_VALID\b/, "the other side's certificate is not valid yet. Check the clocks of both machines"],
  [/^CERT_REVOKED\b/, "the other side's certificate was revoked. Replace it"],
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)\b/,
    "the other side's certificate is signed by itself or by an authority that is not trusted here. Set that authority's certificate in the setting for authorities on this side",
  ],
  [
    /^(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT)/,
    "the authority of the other side's certificate is not known here. Set it in the setting for authorities on this side, and check that the other side's bundle contains the whole chain",
  ],
  [
    /^(?:INVALID_PURPOSE|INVALID_CA|CERT_SIGNATURE_FAILURE|PATH_LENGTH_EXCEEDED|CERT_CHAIN_TOO_LONG|CERT_REJECTED|CERT_UNTRUSTED)\b/,
    "the other side's certificate may not be used for this, or was not signed by the authority that it names. Replace it",
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID\b/,
    "the certificate is for another host than the one that was connected to. Connect by a name in the certificate, or add that name to the certificate",
  ],
  [
    /CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN_A_CERTIFICATE/,
    "a certificate was required and none was presented. Enable sslEnableMutualTLS on the side that connects, with its bundle, or disable it on the side that listens",
  ],
  [/ALERT_CERTIFICATE_EXPIRED/, "the other side reports that the certificate of this side has expired. Renew it"],
  [/ALERT_CERTIFICATE_REVOKED/, "the other side reports that the certificate of this side was revoked. Replace it"],
  [
    /ALERT_UNKNOWN_CA/,
    "the other side does not trust the authority of this side's certificate. Set it in the setting for authorities there",
  ],
  [
    /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_UNKNOWN|DECRYPT_ERROR|ACCESS_DENIED)/,
    "the other side does not accept this side's certificate. See its log for the reason",
  ],
  [
    /WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|RECORD_LAYER_FAILURE|ALERT_RECORD_OVERFLOW/,
    `one side uses TLS and the other does not. ${compareUseSsl}`,
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/,
    "the two sides have no version of TLS in common: this side supports TLS 1.2 and 1.3. Upgrade the other side",
  ],
  [
    /NO_SHARED_CIPHER|HANDSHAKE_FAILURE|NO_SUITABLE_(?:SIGNATURE|KEY)|INSUFFICIENT_SECURITY/,
    "the two sides have no cipher in common. Upgrade the older side, and check that the certificate's key is of a common kind",
  ],
  [/^HPE_/, `the data is not HTTP: perhaps TLS, or another program. ${compareUseSsl}`],
  [/HANDSHAKE_TIMEOUT/, "the other side connected and then sent nothing. Check which program connects from there"],
  [/^ECONNREFUSED\b/, "nothing listens there. Check that the other side runs, and check host and port"],
  [/^ENOTFOUND\b/, "the host has no address. Check its name in the configuration"],
  [/^EAI_AGAIN\b/, "the host's address cannot be resolved now. Check the network and its name server"],
  [
    /^(?:ETIMEDOUT|ERR_SOCKET_CONNECTION_TIMEOUT)\b/,
    "it does not answer. Check host and port, and firewalls in between",
  ],
  [/^(?:EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)\b/, "there is no route to that host. Check the network"],
  [
    /^(?:ECONNRESET|EPIPE|ECONNABORTED)\b/,
    `the other side cut the connection. See its log; if it happens each time, compare useSsl on both sides, and the port`,
  ],
];

/**
 * Explains why a connection failed, with or without TLS, on either side.
 *
 * @param failure The error, or its code alone, such as a socket's `authorizationError`.
 * @returns The middle of a sentence, with the code, and a second sentence without its full stop; undefined for an unknown failure.
 */
export function explainTlsFailure(failure: unknown): string | undefined {
  const code = codeOf(failure);
  if (code === undefined) return undefined;
  // A failed write has a generic code, and OpenSSL's reason in its message.
  const reason = code === "EPROTO" ? messageAsCode(failure) : code;
  const found = explanations.find(([pattern]) => pattern.test(reason));
  return found?.[1].replace(". ", ` (${code}). `);
}

/** The code of an error. Of an AggregateError, which has one error for each address of a host, the code of the first. */
function codeOf(failure: unknown): string | undefined {
  if (typeof failure === "string") return failure;
  if (failure instanceof AggregateError && failure.errors.length > 0) return codeOf(failure.errors[0]);
  if (!(failure instanceof Error) || !("code" in failure)) return undefined;
  return typeof failure.code === "string" ? failure.code : undefined;
}

/** The message of an error in the form of a code: `wrong version number` becomes `WRONG_VERSION_NUMBER`. */
function messageAsCode(failure: unknown): string {
  return failure instanceof Error ? failure.message.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_") : "";
}
