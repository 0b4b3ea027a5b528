/** What is known of a failure: what its code and message have in them, and what that means. */
type Explanation = readonly [pattern: RegExp, words: string];

const compareUseSsl = "Compare useSsl on both sides, and the port";

// Of several that fit, the first counts.
const explanations: readonly Explanation[] = [
  [
    // Node says so also where there is none.
    /^UNABLE_TO_GET_ISSUER_CERT$/,
    "the other side showed no certificate, or one whose authority is not known here. See that it shows one, and name its authority in the setting for authorities on this side",
  ],
  [/^CERT_HAS_EXPIRED\b/, "the other side's certificate has expired. Have it renewed there"],
  [/^CERT_NOT_YET_VALID\b/, "the other side's certificate is not valid yet. Look at the clocks of both machines"],
  [/^CERT_REVOKED\b/, "the other side's certificate was revoked. Give it another"],
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)\b/,
    "the other side's certificate is signed by itself or by an authority that is not trusted here. Name that authority's certificate in the setting for authorities on this side",
  ],
  [
    /^(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT)/,
    "the authority of the other side's certificate is not known here. Name it in the setting for authorities on this side, and see that the other side's bundle has all certificates that lead to it",
  ],
  [
    /^(?:INVALID_PURPOSE|INVALID_CA|CERT_SIGNATURE_FAILURE|PATH_LENGTH_EXCEEDED|CERT_CHAIN_TOO_LONG|CERT_REJECTED|CERT_UNTRUSTED)\b/,
    "the other side's certificate may not be used for this, or was not signed by who it says. Have it made anew",
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID\b/,
    "the certificate is for another host than the one that was connected to. Connect by a name that the certificate has, or have that name put into it",
  ],
  [
    /CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN_A_CERTIFICATE/,
    "a certificate was asked for and none was shown. Switch sslEnableMutualTLS on for the one that connects, with its bundle, or off for the one that listens",
  ],
  [/ALERT_CERTIFICATE_EXPIRED/, "the other side says that the certificate of this one has expired. Have it renewed"],
  [/ALERT_CERTIFICATE_REVOKED/, "the other side says that the certificate of this one was revoked. Get another"],
  [
    /ALERT_UNKNOWN_CA/,
    "the other side does not trust the authority of this one's certificate. Name it in the setting for authorities there",
  ],
  [
    /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_UNKNOWN|DECRYPT_ERROR|ACCESS_DENIED)/,
    "the other side does not accept this one's certificate. See its log for the reason",
  ],
  [
    /WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|RECORD_LAYER_FAILURE|ALERT_RECORD_OVERFLOW/,
    `one side speaks TLS and the other does not. ${compareUseSsl}`,
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/,
    "the two sides have no version of TLS in common: TLS 1.2 and 1.3 are spoken here. Bring the other side up to date",
  ],
  [
    /NO_SHARED_CIPHER|HANDSHAKE_FAILURE|NO_SUITABLE_(?:SIGNATURE|KEY)|INSUFFICIENT_SECURITY/,
    "the two sides have no way of encryption in common. Bring the older one up to date, and see that the certificate's key is of a usual kind",
  ],
  [/^HPE_/, `what came is not HTTP: TLS perhaps, or some other program. ${compareUseSsl}`],
  [/HANDSHAKE_TIMEOUT/, "the other side began to connect and then said nothing. See what connects from there"],
  [/^ECONNREFUSED\b/, "nothing listens there. See that the other side runs, and compare host and port"],
  [/^ENOTFOUND\b/, "the host has no address. Look at its name in the configuration"],
  [/^EAI_AGAIN\b/, "the host's address cannot be asked for at the moment. Look at the network and its name server"],
  [
    /^(?:ETIMEDOUT|ERR_SOCKET_CONNECTION_TIMEOUT)\b/,
    "it does not answer. Look at host and port, and for a firewall between the two",
  ],
  [/^(?:EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)\b/, "there is no way to that host. Look at the network"],
  [
    /^(?:ECONNRESET|EPIPE|ECONNABORTED)\b/,
    `the connection was cut by the other side. See its log, and if that happens each time, compare useSsl on both sides, and the port`,
  ],
];

/**
 * What a failed connection means, with or without TLS, on either side, and what to do; undefined for what is not known.
 *
 * @param failure The error, or the code alone, as a socket's `authorizationError` is.
 * @returns Words for the middle of a sentence, with the code, and a second sentence; no full stop at the end.
 */
export function explainTlsFailure(failure: unknown): string | undefined {
  const code = codeOf(failure);
  if (code === undefined) return undefined;
  // A failed write has a code that tells nothing, and OpenSSL's reason in its message.
  const reason = code === "EPROTO" ? asCode(failure) : code;
  const found = explanations.find(([pattern]) => pattern.test(reason));
  return found?.[1].replace(". ", ` (${code}). `);
}

/** The code of an error; of one that stands for several (one per address of a host), that of the first. */
function codeOf(failure: unknown): string | undefined {
  if (typeof failure === "string") return failure;
  if (failure instanceof AggregateError && failure.errors.length > 0) return codeOf(failure.errors[0]);
  if (!(failure instanceof Error) || !("code" in failure)) return undefined;
  return typeof failure.code === "string" ? failure.code : undefined;
}

/** The message of an error in the form of a code: `wrong version number` as `WRONG_VERSION_NUMBER`. */
function asCode(failure: unknown): string {
  return failure instanceof Error ? failure.message.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_") : "";
}
