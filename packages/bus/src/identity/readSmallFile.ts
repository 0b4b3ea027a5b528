import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { messageOf } from "@peek/errors";

/** What may be read at most: 1 MiB. */
const maxBytes = 1024 * 1024;

/**
 * Reads a plain file of at most 1 MiB.
 *
 * @throws Error that says in words why it cannot be read, and has the `code` of `node:fs` where there is one.
 */
export function readSmallFile(file: string): string {
  let descriptor: number;
  try {
    // Not to wait for a writer, should it be a pipe.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw inWords(cause);
  }
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw new Error("it is a folder, not a file");
    if (!stat.isFile()) throw new Error("it is not a plain file");
    if (stat.size > maxBytes) throw new Error(`it has ${stat.size} bytes, and at most ${maxBytes} are read`);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

function inWords(cause: unknown): Error {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return Object.assign(new Error("there is no such file", { cause }), { code });
  if (code === "EACCES") {
    return Object.assign(new Error("this account may not read it (EACCES)", { cause }), { code });
  }
  return Object.assign(new Error(messageOf(cause), { cause }), { code });
}
