import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { messageOf } from "@peek/errors";

/** The largest file that is read: 1 MiB. */
const maxBytes = 1024 * 1024;

/**
 * Reads a regular file of at most 1 MiB.
 *
 * @throws Error whose message is the middle of a sentence, with the `code` of `node:fs` if there is one.
 */
export function readSmallFile(file: string): string {
  let descriptor: number;
  try {
    // Non-blocking: opening a named pipe would wait for a writer.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw explained(cause);
  }
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw new Error("it is a folder, not a file");
    if (!stat.isFile()) throw new Error("it is not a regular file");
    if (stat.size > maxBytes) throw new Error(`it has ${stat.size} bytes; the limit is ${maxBytes}`);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

function explained(cause: unknown): Error {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return Object.assign(new Error("the file does not exist", { cause }), { code });
  if (code === "EACCES") {
    return Object.assign(new Error("this account may not read it (EACCES)", { cause }), { code });
  }
  return Object.assign(new Error(messageOf(cause), { cause }), { code });
}
