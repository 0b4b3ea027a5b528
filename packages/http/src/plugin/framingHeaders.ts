/** Headers of a single connection (RFC 9110, 7.6.1), and of the length of a body. Node writes its own. */
const connectionHeaders: readonly string[] = [
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** The names of the headers of a response that must not be passed on: framing, and the headers that `connection` names. */
export function framingHeaders(headers: Headers): ReadonlySet<string> {
  const named = headers.get("connection")?.split(",") ?? [];
  return new Set([...connectionHeaders, ...named.map((name) => name.trim().toLowerCase())]);
}
