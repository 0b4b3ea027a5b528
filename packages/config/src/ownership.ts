import { closeSync, constants, fchownSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Gives a new file to the owner of another file or folder: a service has to be able to read the files that root creates for
 * it. Does nothing when this account is not root.
 *
 * @param descriptor The open file or folder: its path may name another one by now.
 * @param like An existing file or folder.
 * @throws Error of `node:fs`
 */
export function chownLike(descriptor: number, like: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(like);
  fchownSync(descriptor, uid, gid);
}

/**
 * Creates a folder that no other account can enter, with missing folders above it. Folders that root creates are given to
 * the owner of the existing folder above.
 *
 * @throws Error of `node:fs`
 */
export function makePrivateFolder(dir: string): void {
  const first = mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (first === undefined || process.getuid?.() !== 0) return;
  const above = dirname(first);
  for (let created = dir; created !== above && created !== dirname(created); created = dirname(created)) {
    const descriptor = openSync(created, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      chownLike(descriptor, above);
    } finally {
      closeSync(descriptor);
    }
  }
}
