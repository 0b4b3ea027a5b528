const secretKeys = ["password", "passwd", "secret", "token", "authorization", "cookie", "apiKey", "connectUrl"];

/** The facts of a line that are never written, at its top or one object further in; in pino's notation. */
export const redactedPaths: readonly string[] = secretKeys.flatMap((key) => [key, `*.${key}`]);

/** What stands in the place of a secret. */
export const redacted = "[redacted]";

// The password between user and host in a URL; an error of a database driver likes to quote it.
const urlPassword = /(:\/\/[^\s:/@"\\]*:)[^\s/@"\\]+@/g;

/** A line without the passwords of URLs that stand in it. */
export function maskUrls(line: string): string {
  return line.includes("://") ? line.replace(urlPassword, `$1${redacted}@`) : line;
}
