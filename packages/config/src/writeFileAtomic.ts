import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { chownLike } from "./ownership.ts";

/**
 * Replaces the content of a file atomically, so that it always has either the old or the new content; mode 0600. When root
 * writes it, a file keeps its owner; a new file gets the owner of its folder.
 *
 * Not from a library: the maintained ones hook the signals and the exit of the process for their clean-up, and would change how
 * a service stops.
 *
 * @param draftPrefix The prefix of the temporary file beside it, which remains when the process is killed. Default: a dot.
 * @param isUnchanged Asked when the new content is on the disk, just before it replaces the old one. Default: it replaces it.
 * @returns false when `isUnchanged` did; the file stays as it is then.
 * @throws Error of `node:fs`; the file is unchanged then.
 */
export function writeFileAtomic(
  file: string,
  content: string,
  draftPrefix = ".",
  isUnchanged: () => boolean = () => true,
): boolean {
  // A link remains a link: its target is replaced.
  const target = realTarget(file);
  const draft = join(dirname(target), `${draftPrefix}${randomUUID()}.tmp`);
  try {
    const descriptor = openSync(draft, "wx", 0o600);
    try {
      chownLike(descriptor, existsSync(target) ? target : dirname(target));
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (!isUnchanged()) {
      rmSync(draft, { force: true });
      return false;
    }
    renameSync(draft, target);
    return true;
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function realTarget(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return targetOfLink(file) ?? file;
  }
}

/** The missing target of a link. */
function targetOfLink(file: string): string | undefined {
  try {
    return resolve(realpathSync(dirname(file)), readlinkSync(file));
  } catch {
    // The file is not a link.
    return undefined;
  }
}
