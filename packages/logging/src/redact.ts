const secretKeys = [
  ...["password", "passwd", "secret", "token", "accessToken", "refreshToken", "apiKey", "connectUrl"],
  ...["authorization", "Authorization", "cookie", "Cookie"],
];

/** The facts of a line that are never written, at its top or one object further in; in pino's notation. */
export const redactedPaths: readonly string[] = secretKeys.flatMap((key) => [key, `*.${key}`]);

/** What stands in the place of a secret. */
export const redacted = "[redacted]";

// The password between user and host in a URL; an error of a database driver likes to quote it.
const urlPassword = /(:\/\/[^\s:/@"\\]*:)[^\s/@"\\]+@/g;
// `password=…` as in a connection string or the arguments of a command.
const assignedSecret = /\b(password|passwd|pwd|secret|token|api_?key)=[^\s"'&;,\\]+/gi;

// Between services: `peek_agent_k3v9x2m7_…`, of which the last part is the secret.
const serviceToken = /\b(peek_(?:logic|field|office|worker|agent)_[a-z2-7]{8}_)[\w-]{20,}/g;

/** Text without the passwords of URLs, the values of `password=` and the like, and services' tokens, that stand in it. */
export function maskSecrets(text: string): string {
  const withoutTokens = text.includes("peek_") ? text.replace(serviceToken, `$1${redacted}`) : text;
  const masked = withoutTokens.includes("://") ? withoutTokens.replace(urlPassword, `$1${redacted}@`) : withoutTokens;
  return masked.includes("=") ? masked.replace(assignedSecret, `$1=${redacted}`) : masked;
}
