import { closeSync, fstatSync, openSync, readFileSync, constants } from "node:fs";
import { messageOf, PeekError, type PeekErrorCode } from "@peek/errors";
import { decodeUtf8 } from "./decodeUtf8.ts";
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

/** What the errors of {@link readJsonDocument} say, which depends on what the file is. */
export interface JsonDocumentKind {
  /** The code for a file that cannot be read. */
  readonly unreadable: PeekErrorCode;
  /** The code for a file that is not JSON. */
  readonly malformed: PeekErrorCode;
  /** A small file of the kind that is right. */
  readonly example: string;
}

/** A JSON file as it was read. */
export interface JsonDocument {
  readonly file: string;
  readonly text: string;
  /** What the text says; not yet checked. */
  readonly value: unknown;
}

/** What a file that people edit may hold at most: 1 MiB. */
export const maxJsonBytes: number = 1024 * 1024;

/**
 * Reads a JSON file that people edit.
 *
 * @returns undefined when there is no such file.
 * @throws PeekError `kind.unreadable` for a folder, a device, a file that may not be read or is larger than
 *   {@link maxJsonBytes}.
 * @throws PeekError `kind.malformed` for what is not UTF-8, with line and byte, or not JSON, with line and column.
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
      `${file} is not JSON: ${whyNotJson(text, cause)}. For example: ${kind.example}. The file was left as it was.`,
      { cause, fields: { file } },
    );
  }
}

/** The line, counted from 1, on which the value at `path` stands, or the innermost part of the path that is there. */
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
      `${file} cannot be read: ${messageOf(cause)}. Save it as UTF-8. The file was left as it was.`,
      { cause, fields: { file } },
    );
  }
}

function readBytes(file: string, code: PeekErrorCode): Uint8Array | undefined {
  let descriptor: number;
  try {
    // Not to wait for a writer, should it be a pipe.
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
      throw unreadable(file, code, `it has ${stat.size} bytes, and at most ${maxJsonBytes} are read`);
    }
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(file: string, code: PeekErrorCode, why: string, cause?: unknown): PeekError {
  return new PeekError(code, `${file} cannot be read: ${why}. Make it a file of JSON that this account can read.`, {
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

// By the names of jsonc-parser's ParseErrorCode.
const complaints: Readonly<Record<string, string>> = {
  InvalidSymbol: "not a value of JSON (text needs double quotes)",
  InvalidNumberFormat: "not a number of JSON",
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
