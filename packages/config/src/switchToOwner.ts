import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, PeekError } from "@peek/errors";

/**
 * Switches from root to the account that owns a folder, for good: that account can then use all new files. Does nothing when
 * this account is not root, or root owns the folder.
 *
 * @param dir The folder. A missing one will belong to the owner of the folder above.
 * @param programDir The folder of the running program.
 * @returns The number of the account, when the process has switched.
 * @throws PeekError `HOME_UNUSABLE` when it cannot switch, or the account cannot read the program.
 */
export function switchToOwnerOf(dir: string, programDir: string): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = ownerOf(dir);
  if (uid === 0) return undefined;
  try {
    switchTo(uid, gid);
    accessSync(programDir, constants.R_OK | constants.X_OK);
    return uid;
  } catch (cause) {
    throw new PeekError(
      "HOME_UNUSABLE",
      `${dir} belongs to account ${uid}, and root cannot switch to that account: ${messageOf(cause)}. Run this command under that account.`,
      { cause, fields: { home: dir, uid } },
    );
  }
}

function ownerOf(dir: string): { readonly uid: number; readonly gid: number } {
  const stat = statSync(dir, { throwIfNoEntry: false });
  if (stat !== undefined) return stat;
  const above = dirname(dir);
  return above === dir ? { uid: 0, gid: 0 } : ownerOf(above);
}

function switchTo(uid: number, gid: number): void {
  try {
    takeGroupsOf(process, uid, gid);
  } catch {
    // The system has no account of this number: it has no further groups.
    process.setgroups?.([gid]);
  }
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/** Node's types lack this function. */
interface WithInitgroups {
  initgroups(uid: number, gid: number): void;
}

function takeGroupsOf(target: object, uid: number, gid: number): void {
  if (hasInitgroups(target)) target.initgroups(uid, gid);
}

function hasInitgroups(target: object): target is WithInitgroups {
  return "initgroups" in target && typeof target.initgroups === "function";
}
