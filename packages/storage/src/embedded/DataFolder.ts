import { randomBytes } from "node:crypto";
import { lchownSync, lstatSync, readdirSync, readFileSync, realpathSync, renameSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import { draftMark, type EmbeddedLayout } from "./EmbeddedLayout.ts";
import { embeddedFailure } from "./failure.ts";
import { majorOf } from "./PostgresPackage.ts";
import type { PostgresPrograms } from "./PostgresPrograms.ts";
import { runProgram } from "./runProgram.ts";
import { syncFolder } from "./syncFolder.ts";

/** The account that owns everything in a new database. */
export const ownerAccount = "peek";

/** Whether there is a database. An empty folder is none: it may have been made for one. */
export function hasData(layout: EmbeddedLayout): boolean {
  const { dataDir } = layout;
  return statSync(dataDir, { throwIfNoEntry: false }) !== undefined && readdirSync(dataDir).length > 0;
}

/**
 * Makes sure that the files are of the version that is to use them; changes nothing.
 *
 * @param version Of the programs, `18.4`.
 * @throws PeekError `STORAGE_DATA_VERSION`, `STORAGE_EMBEDDED_FAILED`
 */
export function checkDataVersion(layout: EmbeddedLayout, version: string): void {
  const { dataDir } = layout;
  const found = readDataVersion(dataDir);
  const wanted = majorOf(version);
  if (found === wanted) return;
  throw new PeekError(
    "STORAGE_DATA_VERSION",
    `The database in ${dataDir} is of PostgreSQL ${found}, and this version of Peek has PostgreSQL ${wanted}. Start the previous version of Peek and move the data with peek storage copy, or move the folder away to begin with an empty database.`,
    { fields: { dir: dataDir, found, wanted } },
  );
}

function readDataVersion(dataDir: string): string {
  const file = join(dataDir, "PG_VERSION");
  const content = readVersionFile(file);
  if (/^\d+(?:\.\d+)?$/.test(content)) return content;
  throw new PeekError(
    "STORAGE_EMBEDDED_FAILED",
    `${file} does not say which version of PostgreSQL the database is of: it is damaged. Restore the folder ${dataDir} from a backup, or move it away to begin with an empty database.`,
    { fields: { dir: dataDir } },
  );
}

function readVersionFile(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new PeekError(
      "STORAGE_EMBEDDED_FAILED",
      `${file}, which says the version of the database, cannot be read: ${messageOf(cause)}. Give this account the right to, or restore the folder from a backup, or move it away to begin with an empty database.`,
      { cause, fields: { file } },
    );
  }
}

/** Removes what a process that was killed had begun to make. */
export async function removeDrafts(layout: EmbeddedLayout): Promise<void> {
  const drafts = readdirSync(layout.dir).filter((name) => name.includes(draftMark));
  await Promise.all(drafts.map((name) => removeFolder(join(layout.dir, name))));
}

/**
 * Makes an empty database, whole or not at all.
 *
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`; Error of `node:fs`
 */
export async function createData(layout: EmbeddedLayout, programs: PostgresPrograms): Promise<void> {
  const draft = join(layout.dir, `data${draftMark}${randomBytes(6).toString("hex")}`);
  try {
    await initialise(draft, layout, programs);
    renameSync(draft, layout.dataDir);
    syncFolder(layout.dir);
  } catch (error) {
    await removeFolder(draft);
    throw error;
  }
}

async function initialise(draft: string, layout: EmbeddedLayout, programs: PostgresPrograms): Promise<void> {
  const { code, errors } = await runProgram(
    programs.call("initdb", [
      `--pgdata=${draft}`,
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
  const what = `The embedded PostgreSQL could not make a database in ${layout.dir}`;
  throw embeddedFailure(what, tellingLine(errors) ?? `initdb ended with exit code ${code ?? "none"}`, errors);
}

/** The line that says most of what a program printed: the one of its error, or the first. */
function tellingLine(text: string): string | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const line = lines.find((line) => /FATAL|PANIC|error:/i.test(line)) ?? lines[0];
  // When and in which process is of no interest.
  return line?.replace(/^.*\[\d+\] (?=[A-Z]+: )/, "");
}

/** Gives all files to the account that is to work with them; it may be another than before. */
export function suitOwner(layout: EmbeddedLayout, owner: number | undefined): void {
  // The folder itself may have been put elsewhere by whoever made the home. What is in it was made by another account.
  const dataDir = realpathSync(layout.dataDir);
  if (owner === undefined || statSync(dataDir).uid === owner) return;
  giveContents(dataDir, owner);
  // The folder itself comes last: whoever is killed on the way leaves it as it was, and the next begins again.
  lchownSync(dataDir, owner, owner);
}

/** Never through a link, and no file that has another name too: it may be one that is none of the database's. */
function giveContents(dir: string, owner: number): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) giveContents(path, owner);
    else if (lstatSync(path).nlink > 1) continue;
    lchownSync(path, owner, owner);
  }
}

async function removeFolder(dir: string): Promise<void> {
  // A program that was left behind may still write there, for a moment.
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
