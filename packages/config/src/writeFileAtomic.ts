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
import { giveToOwnerOf } from "./keepOwner.ts";

/**
 * Replaces a file's content so that, whatever happens, it holds either the old or the new whole; mode 0600. Written
 * by root, it stays with its owner; a new one goes to the owner of its folder.
 *
 * Own code, though libraries exist: those that are kept up hook the process's signals and exit for their clean-up,
 * and how a service stops is not theirs to change.
 *
 * @param draftMark What the name of the file that is written first begins with, beside the other; a process that is
 *   killed leaves it. Default: a dot.
 * @throws Error of `node:fs`; the file is then as it was.
 */
export function writeFileAtomic(file: string, content: string, draftMark = "."): void {
  // A link stays a link: what it points at is replaced.
  const target = realTarget(file);
  const draft = join(dirname(target), `${draftMark}${randomUUID()}.tmp`);
  try {
    const descriptor = openSync(draft, "wx", 0o600);
    try {
      giveToOwnerOf(descriptor, existsSync(target) ? target : dirname(target));
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, target);
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

/** What a link points at that is not there yet. */
function targetOfLink(file: string): string | undefined {
  try {
    return resolve(realpathSync(dirname(file)), readlinkSync(file));
  } catch {
    // It is no link.
    return undefined;
  }
}
