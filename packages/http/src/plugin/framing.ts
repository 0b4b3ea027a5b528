/** What concerns one connection alone (RFC 9110, 7.6.1), and what says how long a body is. Node writes what is so. */
const ofTheConnection: readonly string[] = [
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

/** The names of the headers of an answer that are not to be passed on: framing, and what `connection` names. */
export function framingHeaders(headers: Headers): ReadonlySet<string> {
  const named = headers.get("connection")?.split(",") ?? [];
  return new Set([...ofTheConnection, ...named.map((name) => name.trim().toLowerCase())]);
}
