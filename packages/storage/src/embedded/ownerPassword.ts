import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FileLock } from "@peek/config";
import type { Logger } from "@peek/plugin-base";
import { ownerAccount } from "./DataFolder.ts";
import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { embeddedFailure } from "./embeddedFailure.ts";
import type { PostgresPrograms } from "./PostgresPrograms.ts";
import { runProgram } from "./runProgram.ts";
import { writePrivateFile } from "./durableFiles.ts";

/** The password for a new database: that of the password file, or a new one, which is written to the file. */
export function passwordForNewData(layout: EmbeddedLayout): string {
  const present = readPassword(layout);
  if (present !== undefined) return present;
  const password = newPassword();
  writePrivateFile(layout.passwordFile, password);
  return password;
}

/**
 * The password of an existing database. If the password file is missing or damaged, sets a new password, which requires
 * no more than write access to the data.
 *
 * @param lock The lock of the data folder, so that no server is running.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`
 */
export async function passwordOfExistingData(
  layout: EmbeddedLayout,
  programs: PostgresPrograms,
  lock: FileLock,
  logger: Logger,
): Promise<string> {
  const present = readPassword(layout);
  if (present !== undefined) return present;
  logger.warning(
    "The password file %s of the embedded PostgreSQL is missing or damaged; setting a new password",
    layout.passwordFile,
  );
  const password = newPassword();
  await setPassword(layout, programs, lock, password);
  // The file comes last, so that an interrupted change is repeated at the next start.
  writePrivateFile(layout.passwordFile, password);
  return password;
}

/** Runs PostgreSQL in single-user mode, which asks for no password. The statement is sent by a pipe, invisible to others. */
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
  const subject = `Setting a new password of the embedded PostgreSQL in ${layout.dir} failed`;
  throw embeddedFailure(subject, reason ?? `postgres ended with exit code ${code ?? "none"}`, errors);
}

/** 32 random bytes, in characters that need no quoting. */
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
