/** The maximum length of a file's name on all usual file systems, in bytes. */
const maxNameBytes = 255;

/**
 * The fault of a file's path in a package, as the rest of a sentence; undefined for a plain relative path. A path must not name a file
 * outside the package, on any system, nor one that people cannot see.
 */
export function pathFault(path: string, maxPath: number): string | undefined {
  if (path.length > maxPath) return `is longer than ${maxPath} characters`;
  if (path === "") return "is empty";
  if (path.startsWith("/")) return "is absolute";
  if (/^[A-Za-z]:/.test(path)) return "begins with the letter of a drive";
  if (path.includes("\\")) return "has a backslash";
  // Control characters, and those that reverse the direction of text.
  if (/[\p{Cc}\u202A-\u202E\u2066-\u2069\uFFFD]/u.test(path)) return "has a character that cannot be shown";
  for (const name of path.split("/")) {
    if (name === "") return "has an empty name between two slashes";
    if (name === "." || name === "..") return `leads to another folder by ${name}`;
    if (Buffer.byteLength(name) > maxNameBytes) return `has a name of more than ${maxNameBytes} bytes`;
  }
  return undefined;
}
