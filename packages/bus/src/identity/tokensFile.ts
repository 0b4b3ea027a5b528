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
import { type TokenEntry, tokensSchema } from "./TokenEntry.ts";

const kind = { unreadable: "TOKENS_UNUSABLE", malformed: "TOKENS_UNUSABLE", example: '{ "tokens": [] }' } as const;
/** How long another process that is changing the file is waited for; milliseconds. */
const lockMs = 5000;

/** Where logic keeps what it knows of the tokens: mode 0600, in a folder of 0700. */
export function tokensFile(home: ServiceHome): string {
  return join(home.tokensDir, "tokens.json");
}

/**
 * All tokens; none where there is no file.
 *
 * @throws PeekError `TOKENS_UNUSABLE`
 */
export function readTokens(home: ServiceHome): readonly TokenEntry[] {
  const document = readJsonDocument(tokensFile(home), kind);
  if (document === undefined) return [];
  const checked = tokensSchema.safeParse(document.value);
  if (checked.success) return checked.data.tokens;
  const mistakes = explainIssues(document, checked.error.issues, { tokens: [] });
  throw new PeekError(
    "TOKENS_UNUSABLE",
    `${document.file} is damaged: ${mistakes.join("; ")}. No token is accepted until it is mended, restored from a backup, or removed, with all tokens in it. The file was left as it was.`,
    { fields: { file: document.file, mistakes } },
  );
}

/**
 * Changes the tokens; no other process does meanwhile. Makes logic's home and the folder where they are missing.
 *
 * @param edit Gives all tokens as they should be; the array that it was given when there is nothing to change.
 * @throws PeekError `TOKENS_UNUSABLE`, `HOME_UNUSABLE`, and whatever `edit` throws; the file is then as it was.
 */
export function editTokens(
  home: ServiceHome,
  edit: (tokens: readonly TokenEntry[]) => readonly TokenEntry[],
): readonly TokenEntry[] {
  createServiceHome(home);
  const file = tokensFile(home);
  attempt(file, () => makePrivateFolder(home.tokensDir));
  using _lock = attempt(file, () => FileLock.acquire(`${file}.lock`, { waitMs: lockMs, removesFile: true }));
  const before = readTokens(home);
  const after = edit(before);
  if (after === before) return before;
  const text = `${JSON.stringify({ tokens: after }, null, 2)}\n`;
  // It could not be read again.
  if (Buffer.byteLength(text) > maxJsonBytes) {
    throw unusable(file, `it would be larger than ${maxJsonBytes} bytes. Take out tokens that are revoked or expired`);
  }
  attempt(file, () => writeFileAtomic(file, text));
  return after;
}

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw unusable(file, messageOf(cause), cause);
  }
}

function unusable(file: string, why: string, cause?: unknown): PeekError {
  return new PeekError("TOKENS_UNUSABLE", `${file} could not be changed: ${why}. It is as it was.`, {
    cause,
    fields: { file },
  });
}
