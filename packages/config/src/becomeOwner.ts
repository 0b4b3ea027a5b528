import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, PeekError } from "@peek/errors";

/**
 * Root that is to work on what belongs to another account goes on as that account, for good: whatever it makes then, that
 * account can use. Does nothing when this account is not root, or the folder is root's.
 *
 * @param dir The folder. One that is not there yet will belong to the owner of the one above.
 * @param programDir Where the program is that goes on.
 * @returns The account's number, when this process has become it.
 * @throws PeekError `HOME_UNUSABLE` when it cannot, or the account may not read the program.
 */
export function becomeOwnerOf(dir: string, programDir: string): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = ownerOf(dir);
  if (uid === 0) return undefined;
  try {
    become(uid, gid);
    accessSync(programDir, constants.R_OK | constants.X_OK);
    return uid;
  } catch (cause) {
    throw new PeekError(
      "HOME_UNUSABLE",
      `${dir} belongs to account ${uid}, and root cannot go on as that account: ${messageOf(cause)}. Run this by that account.`,
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

function become(uid: number, gid: number): void {
  try {
    takeGroupsOf(process, uid, gid);
  } catch {
    // The system knows no account of this number: it is in no further group.
    process.setgroups?.([gid]);
  }
  process.setgid?.(gid);
  process.setuid?.(uid);
}

/** Node's types lack the function. */
interface WithInitgroups {
  initgroups(uid: number, gid: number): void;
}

function takeGroupsOf(target: object, uid: number, gid: number): void {
  if (hasInitgroups(target)) target.initgroups(uid, gid);
}

function hasInitgroups(target: object): target is WithInitgroups {
  return "initgroups" in target && typeof target.initgroups === "function";
}
