import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FileLock } from "@peek/config";
import type { Logger } from "@peek/plugin-base";
import { ownerAccount } from "./DataFolder.ts";
import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { embeddedFailure } from "./failure.ts";
import type { PostgresPrograms } from "./PostgresPrograms.ts";
import { runProgram } from "./runProgram.ts";
import { writePrivateFile } from "./writePrivateFile.ts";

/** The password that the folder has, or a new one, for a database that is yet to be made. */
export function passwordForNewData(layout: EmbeddedLayout): string {
  const present = readPassword(layout);
  if (present !== undefined) return present;
  const password = newPassword();
  writePrivateFile(layout.passwordFile, password);
  return password;
}

/**
 * The password of the database that is there. When its file was lost, or does not hold one, the database gets another:
 * whoever may write its files is its owner.
 *
 * @param lock The data folder's: no server runs on it.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`
 */
export async function passwordOfData(
  layout: EmbeddedLayout,
  programs: PostgresPrograms,
  lock: FileLock,
  logger: Logger,
): Promise<string> {
  const present = readPassword(layout);
  if (present !== undefined) return present;
  logger.warning(
    "The embedded PostgreSQL's password file %s is missing or damaged; a new one is made",
    layout.passwordFile,
  );
  const password = newPassword();
  await setPassword(layout, programs, lock, password);
  // After the database has it: whoever is killed between the two finds no file, and does this again.
  writePrivateFile(layout.passwordFile, password);
  return password;
}

/** PostgreSQL without a server, which asks nobody for a password. What it is told comes in by a pipe, seen by no one. */
async function setPassword(
  layout: EmbeddedLayout,
  programs: PostgresPrograms,
  lock: FileLock,
  password: string,
): Promise<void> {
  const settings = ["-c", "log_min_error_statement=panic", "-c", "max_wal_senders=0", "-c", "wal_level=minimal"];
  const { code, errors } = await runProgram({
    ...programs.call("postgres", ["--single", "-D", layout.dataDir, ...settings, "template1"]),
    inherits: lock.descriptor,
    input: `ALTER ROLE ${ownerAccount} PASSWORD '${password}'\n`,
  });
  const reason = errors.split("\n").find((line) => /(?:ERROR|FATAL|PANIC): /.test(line));
  if (code === 0 && reason === undefined) return;
  const what = `The embedded PostgreSQL in ${layout.dir} could not be given a new password in place of the lost one`;
  throw embeddedFailure(what, reason ?? `postgres ended with exit code ${code ?? "none"}`, errors);
}

/** 32 random bytes, of characters that need no quoting anywhere. */
function newPassword(): string {
  return randomBytes(32).toString("base64url");
}

function readPassword(layout: EmbeddedLayout): string | undefined {
  try {
    const content = readFileSync(layout.passwordFile, "utf8").trim();
    return /^[\w-]{43}$/.test(content) ? content : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
