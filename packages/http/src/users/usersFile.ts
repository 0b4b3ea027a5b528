import { join } from "node:path";
import {
  createServiceHome,
  explainIssues,
  FileLock,
  makePrivateFolder,
  maxJsonBytes,
  readJsonDocument,
  type ServiceHome,
  writeFileAtomic,
} from "@peek/config";
import { messageOf, PeekError } from "@peek/errors";
import { firstUsersSchema, type UserEntry, usersSchema } from "./UserEntry.ts";

const kind = {
  unreadable: "USERS_UNUSABLE",
  malformed: "USERS_UNUSABLE",
  example: '{ "version": 2, "users": [] }',
} as const;
/** How long another process that is changing the file is waited for; milliseconds. */
const lockMs = 5000;

/** Where logic keeps its users: mode 0600, in a folder of 0700. */
export function usersFile(home: ServiceHome): string {
  return join(home.usersDir, "users.json");
}

/**
 * All users; none where there is no file.
 *
 * @throws PeekError `USERS_UNUSABLE`
 */
export function readUsers(home: ServiceHome): readonly UserEntry[] {
  const document = readJsonDocument(usersFile(home), kind);
  if (document === undefined) return [];
  const checked = isFirst(document.value) ? readFirst(document.value) : usersSchema.safeParse(document.value);
  if (checked.success) return checked.data.users;
  const mistakes = explainIssues(document, checked.error.issues, { version: 2, users: [] });
  throw new PeekError(
    "USERS_UNUSABLE",
    `${document.file} is damaged: ${mistakes.join("; ")}. Nobody can log in until it is mended, restored from a backup, or removed, with all users in it. The file was left as it was.`,
    { fields: { file: document.file, mistakes } },
  );
}

/**
 * Changes the users; no other process does meanwhile. Makes logic's home and the folder where they are missing.
 *
 * @param edit Gives all users as they should be; the array that it was given when there is nothing to change.
 * @throws PeekError `USERS_UNUSABLE`, `HOME_UNUSABLE`, and whatever `edit` throws; the file is then as it was.
 */
export function editUsers(home: ServiceHome, edit: (users: readonly UserEntry[]) => readonly UserEntry[]): void {
  createServiceHome(home);
  const file = usersFile(home);
  attempt(file, () => makePrivateFolder(home.usersDir));
  using _lock = attempt(file, () => FileLock.acquire(`${file}.lock`, { waitMs: lockMs, removesFile: true }));
  const before = readUsers(home);
  const after = edit(before);
  if (after === before) return;
  const checked = usersSchema.safeParse({ version: 2, users: after });
  const text = `${JSON.stringify({ version: 2, users: after }, null, 2)}\n`;
  // It could not be read again.
  if (!checked.success) throw unusable(file, checked.error.issues.map(({ message }) => message).join("; "));
  if (Buffer.byteLength(text) > maxJsonBytes) throw unusable(file, `it would be larger than ${maxJsonBytes} bytes`);
  attempt(file, () => writeFileAtomic(file, text));
}

function isFirst(value: unknown): boolean {
  return typeof value === "object" && value !== null && !("version" in value);
}

/**
 * Users from before there were ids keep their names as such: that is what their rows, their actions and their sessions are
 * kept by. A user who is made later has an id that is no name.
 */
function readFirst(value: unknown) {
  return firstUsersSchema
    .transform(({ users }) => ({ users: users.map((entry): UserEntry => ({ id: entry.name, ...entry })) }))
    .safeParse(value);
}

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw unusable(file, messageOf(cause), cause);
  }
}

function unusable(file: string, why: string, cause?: unknown): PeekError {
  return new PeekError("USERS_UNUSABLE", `${file} could not be changed: ${why}. It is as it was.`, {
    cause,
    fields: { file },
  });
}
