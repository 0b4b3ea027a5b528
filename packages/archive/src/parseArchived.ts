import { checkTolerantly, decodeUtf8, explainIssues, type JsonDocument } from "@peek/config";
import { messageOf, PeekError } from "@peek/errors";
import type { z } from "zod";
import { archiveError } from "./archiveError.ts";

/**
 * Parses and checks a JSON file in an archive.
 *
 * @param path The path of the file in the archive, and `file` that of the archive, for messages.
 * @param example A valid value, for corrections in messages.
 * @throws PeekError `ARCHIVE_INVALID`
 */
export function parseArchived<T>(
  bytes: Uint8Array,
  { file, path }: { readonly file: string; readonly path: string },
  schema: z.ZodType<T>,
  example: object,
): T {
  const document = jsonDocument(bytes, file, path);
  const { value, issues } = checkTolerantly(schema, document.value, () => example);
  if (value !== undefined) return value;
  const faults = explainIssues(document, issues, example).join("; ");
  throw archiveError("ARCHIVE_INVALID", file, `has an invalid ${path}: ${faults}`);
}

function jsonDocument(bytes: Uint8Array, file: string, path: string): JsonDocument {
  try {
    const text = decodeUtf8(bytes);
    const value: unknown = JSON.parse(text);
    return { file: path, text, value };
  } catch (cause) {
    if (PeekError.is(cause)) throw cause;
    throw archiveError("ARCHIVE_INVALID", file, `has a ${path} that is not JSON: ${messageOf(cause)}.`, cause);
  }
}
