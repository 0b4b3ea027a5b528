import { closeSync, constants, fchownSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Gives what is being made to the owner of another file or folder, where that is not this account: what root does for a
 * service, the service has to be able to read. Does nothing when this account is not root.
 *
 * @param descriptor Of a file or folder that is open: by its name, another might be meant by now.
 * @param like What is there already.
 * @throws Error of `node:fs`
 */
export function giveToOwnerOf(descriptor: number, like: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(like);
  fchownSync(descriptor, uid, gid);
}

/**
 * Makes a folder that nobody else can enter, with those above it that are missing. Made by root, it is given to the owner
 * of the one above.
 *
 * @throws Error of `node:fs`
 */
export function makePrivateFolder(dir: string): void {
  const first = mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (first === undefined || process.getuid?.() !== 0) return;
  const above = dirname(first);
  for (let made = dir; made !== above && made !== dirname(made); made = dirname(made)) {
    const descriptor = openSync(made, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      giveToOwnerOf(descriptor, above);
    } finally {
      closeSync(descriptor);
    }
  }
}
