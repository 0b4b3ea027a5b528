import { closeSync, fstatSync, openSync, readFileSync, constants } from "node:fs";
import { messageOf, PeekError, type PeekErrorCode } from "@peek/errors";
import { decodeUtf8 } from "./decodeUtf8.ts";
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

/** How the errors of {@link readJsonDocument} describe the kind of file. */
export interface JsonDocumentKind {
  /** The code for a file that cannot be read. */
  readonly unreadable: PeekErrorCode;
  /** The code for a file that is not JSON. */
  readonly malformed: PeekErrorCode;
  /** A small valid file of the kind. */
  readonly example: string;
}

/** A JSON file that was read. */
export interface JsonDocument {
  readonly file: string;
  readonly text: string;
  /** The parsed text, not checked against a schema. */
  readonly value: unknown;
}

/** The maximum size of a file that people edit: 1 MiB. */
export const maxJsonBytes: number = 1024 * 1024;

/**
 * Reads a JSON file that people edit.
 *
 * @returns undefined for a missing file.
 * @throws PeekError `kind.unreadable` for a folder, a device, a file without read permission, or one larger than
 *   {@link maxJsonBytes}.
 * @throws PeekError `kind.malformed` for a text that is not UTF-8, with line and byte, or not JSON, with line and column.
 */
export function readJsonDocument(file: string, kind: JsonDocumentKind): JsonDocument | undefined {
  const bytes = readBytes(file, kind.unreadable);
  if (bytes === undefined) return undefined;
  const text = textOf(bytes, file, kind);
  try {
    const value: unknown = JSON.parse(text);
    return { file, text, value };
  } catch (cause) {
    throw new PeekError(
      kind.malformed,
      `${file} is not JSON: ${whyNotJson(text, cause)}. For example: ${kind.example}. The file is unchanged.`,
      { cause, fields: { file } },
    );
  }
}

/** The line, counted from 1, of the value at `path`, or of the innermost existing part of the path. */
export function lineOf(document: JsonDocument, path: readonly PropertyKey[]): number {
  const tree = parseTree(document.text);
  if (tree === undefined) return 1;
  const steps = path.filter((step) => typeof step !== "symbol");
  for (let length = steps.length; length > 0; length -= 1) {
    const node: Node | undefined = findNodeAtLocation(tree, steps.slice(0, length));
    if (node !== undefined) return positionAt(document.text, node.offset).line;
  }
  return positionAt(document.text, tree.offset).line;
}

function textOf(bytes: Uint8Array, file: string, kind: JsonDocumentKind): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw new PeekError(
      kind.malformed,
      `${file} cannot be read: ${messageOf(cause)}. Save it as UTF-8. The file is unchanged.`,
      { cause, fields: { file } },
    );
  }
}

function readBytes(file: string, code: PeekErrorCode): Uint8Array | undefined {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a pipe must not wait for a writer.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw unreadable(file, code, messageOf(cause), cause);
  }
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw unreadable(file, code, "it is a folder, not a file");
    if (!stat.isFile()) throw unreadable(file, code, "it is not a plain file");
    if (stat.size > maxJsonBytes) {
      throw unreadable(file, code, `it has ${stat.size} bytes; the limit is ${maxJsonBytes}`);
    }
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(file: string, code: PeekErrorCode, why: string, cause?: unknown): PeekError {
  return new PeekError(code, `${file} cannot be read: ${why}. Make it a JSON file that this account can read.`, {
    cause,
    fields: { file },
  });
}

function whyNotJson(text: string, cause: unknown): string {
  if (text.trim() === "") return "it is empty";
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const first = errors[0];
  if (first === undefined) return messageOf(cause);
  const { line, column } = positionAt(text, first.offset);
  const found = text.slice(first.offset, first.offset + Math.max(first.length, 1)).trim();
  const where = `line ${line}, column ${column}: ${complaint(first.error)}`;
  return found === ""
    ? `${where}, found the end of the ${first.offset >= text.length ? "file" : "line"}`
    : `${where}, found ${JSON.stringify(found.slice(0, 40))}`;
}

function positionAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

// Keys: the names in jsonc-parser's ParseErrorCode.
const complaints: Readonly<Record<string, string>> = {
  InvalidSymbol: "not a JSON value (text needs double quotes)",
  InvalidNumberFormat: "not a JSON number",
  PropertyNameExpected: "expected a name in double quotes",
  ValueExpected: "expected a value",
  ColonExpected: "expected a colon after the name",
  CommaExpected: "expected a comma between two entries",
  CloseBraceExpected: "expected the closing brace }",
  CloseBracketExpected: "expected the closing bracket ]",
  EndOfFileExpected: "expected nothing more after the end of the value",
  InvalidCommentToken: "comments are not allowed in JSON",
  UnexpectedEndOfComment: "a comment that does not end",
  UnexpectedEndOfString: "text whose closing quote is missing",
  UnexpectedEndOfNumber: "a number that does not end",
  InvalidUnicode: "an incomplete \\u escape",
  InvalidEscapeCharacter: "an escape that JSON does not know",
  InvalidCharacter: "a character that is not allowed here",
};

function complaint(code: ParseError["error"]): string {
  return complaints[printParseErrorCode(code)] ?? "a mistake";
}
