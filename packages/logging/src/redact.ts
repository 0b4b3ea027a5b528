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

/** Text without the passwords of URLs, and the values of `password=` and the like, that stand in it. */
export function maskSecrets(text: string): string {
  const masked = text.includes("://") ? text.replace(urlPassword, `$1${redacted}@`) : text;
  return masked.includes("=") ? masked.replace(assignedSecret, `$1=${redacted}`) : masked;
}
