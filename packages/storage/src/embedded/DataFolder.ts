import { randomBytes } from "node:crypto";
import { lchownSync, lstatSync, readdirSync, readFileSync, realpathSync, renameSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import { type EmbeddedLayout, embeddedLayout, temporaryMark } from "./EmbeddedLayout.ts";
import { embeddedFailure } from "./embeddedFailure.ts";
import { majorOf } from "./PostgresPackage.ts";
import type { PostgresPrograms } from "./PostgresPrograms.ts";
import { runProgram } from "./runProgram.ts";
import { syncFolder } from "./durableFiles.ts";

/** The account that owns a new database and everything in it. */
export const ownerAccount = "peek";

/** Whether an embedded database has been created in a folder, running or not. */
export function hasEmbeddedDatabase(dir: string): boolean {
  return hasData(embeddedLayout(dir));
}

/** Whether the data folder has a database. An empty folder has none: an administrator may have created it. */
export function hasData(layout: EmbeddedLayout): boolean {
  const { dataDir } = layout;
  return statSync(dataDir, { throwIfNoEntry: false }) !== undefined && readdirSync(dataDir).length > 0;
}

/**
 * Checks that the data belongs to the major version of the programs; changes nothing.
 *
 * @param version The version of the programs, `18.4`.
 * @throws PeekError `STORAGE_DATA_VERSION`, `STORAGE_EMBEDDED_FAILED`
 */
export function checkDataVersion(layout: EmbeddedLayout, version: string): void {
  const { dataDir } = layout;
  const found = readDataVersion(dataDir);
  const wanted = majorOf(version);
  if (found === wanted) return;
  throw new PeekError(
    "STORAGE_DATA_VERSION",
    `The database in ${dataDir} belongs to PostgreSQL ${found}, and this version of Peek has PostgreSQL ${wanted}. Start the previous version of Peek and move the data with peek storage copy, or move the folder away to start with an empty database.`,
    { fields: { dir: dataDir, found, wanted } },
  );
}

function readDataVersion(dataDir: string): string {
  const file = join(dataDir, "PG_VERSION");
  const content = readVersionFile(file);
  if (/^\d+(?:\.\d+)?$/.test(content)) return content;
  throw new PeekError(
    "STORAGE_EMBEDDED_FAILED",
    `${file} is damaged: it does not contain the version of PostgreSQL. Restore the folder ${dataDir} from a backup, or move it away to start with an empty database.`,
    { fields: { dir: dataDir } },
  );
}

function readVersionFile(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new PeekError(
      "STORAGE_EMBEDDED_FAILED",
      `${file}, which contains the version of the database, cannot be read: ${messageOf(cause)}. Allow this account to read it, restore the folder from a backup, or move it away to start with an empty database.`,
      { cause, fields: { file } },
    );
  }
}

/** Removes unfinished files and folders of a process that was killed. */
export async function removeTemporaryFiles(layout: EmbeddedLayout): Promise<void> {
  const names = readdirSync(layout.dir).filter((name) => name.includes(temporaryMark));
  await Promise.all(names.map((name) => removeFolder(join(layout.dir, name))));
}

/**
 * Creates an empty database, atomically.
 *
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`; Error of `node:fs`
 */
export async function createData(layout: EmbeddedLayout, programs: PostgresPrograms): Promise<void> {
  const temporary = join(layout.dir, `data${temporaryMark}${randomBytes(6).toString("hex")}`);
  try {
    await initialise(temporary, layout, programs);
    renameSync(temporary, layout.dataDir);
    syncFolder(layout.dir);
  } catch (error) {
    await removeFolder(temporary);
    throw error;
  }
}

async function initialise(dataDir: string, layout: EmbeddedLayout, programs: PostgresPrograms): Promise<void> {
  const { code, errors } = await runProgram(
    programs.call("initdb", [
      `--pgdata=${dataDir}`,
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--auth=scram-sha-256",
      `--username=${ownerAccount}`,
      `--pwfile=${layout.passwordFile}`,
    ]),
  );
  if (code === 0) return;
  const subject = `The embedded PostgreSQL could not create a database in ${layout.dir}`;
  throw embeddedFailure(subject, errorLine(errors) ?? `initdb ended with exit code ${code ?? "none"}`, errors);
}

/** The line of a program's output that has the error; otherwise the first line. */
function errorLine(text: string): string | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((line) => /FATAL|PANIC|error:/i.test(line)) ?? lines[0];
  // Without the time and the process id.
  return line?.replace(/^.*\[\d+\] (?=[A-Z]+: )/, "");
}

/** Changes the owner of all files to the account that runs the programs, which may be another than before. */
export function changeOwner(layout: EmbeddedLayout, owner: number | undefined): void {
  // The administrator may have replaced the data folder by a link; its contents belong to the server's account, which could
  // have made links in it.
  const dataDir = realpathSync(layout.dataDir);
  if (owner === undefined || statSync(dataDir).uid === owner) return;
  changeOwnerOfContents(dataDir, owner);
  // The folder itself comes last, so that an interrupted change is repeated at the next start.
  lchownSync(dataDir, owner, owner);
}

/** Follows no links, and skips files with several names: such a file may not belong to the database. */
function changeOwnerOfContents(dir: string, owner: number): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) changeOwnerOfContents(path, owner);
    else if (lstatSync(path).nlink > 1) continue;
    lchownSync(path, owner, owner);
  }
}

async function removeFolder(dir: string): Promise<void> {
  // A program that has just been killed may still write there.
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
