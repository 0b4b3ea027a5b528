import { isUtf8 } from "node:buffer";

/**
 * Decodes a file that a person wrote, without the byte order mark that some editors add. Invalid bytes are refused and not
 * replaced, since the text may be written back.
 *
 * @throws Error whose message, the end of a sentence, says where the bytes are not UTF-8, or which encoding they have.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const utf16 = utf16In(bytes);
  if (utf16 !== undefined) {
    throw new Error(`it is ${utf16}, as PowerShell's > writes it, and not UTF-8 (Set-Content -Encoding utf8)`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`${whereNotUtf8(bytes)}. It may be ISO 8859-1 or Windows-1252`, { cause });
  }
}

/** Detects UTF-16 by its byte order mark, or by a first Latin character with a zero byte. */
function utf16In([first, second]: Uint8Array): string | undefined {
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== undefined && second !== 0);
  if (!isLittle && !isBig) return undefined;
  return `UTF-16 (${isLittle ? "little" : "big"} endian)`;
}

function whereNotUtf8(bytes: Uint8Array): string {
  let line = 1;
  let begin = 0;
  for (;;) {
    // In UTF-8, no other character contains the byte of a line feed.
    const newline = bytes.indexOf(0x0a, begin);
    const end = newline < 0 ? bytes.length : newline;
    const content = bytes.subarray(begin, end);
    if (!isUtf8(content)) {
      const offset = firstInvalid(content);
      const byte = (content[offset] ?? 0).toString(16).toUpperCase().padStart(2, "0");
      return `it is not UTF-8: line ${line} has 0x${byte} as its byte ${offset + 1} (byte ${begin + offset + 1} of the file)`;
    }
    if (newline < 0) return "it is not UTF-8";
    begin = newline + 1;
    line += 1;
  }
}

/** The offset of the first byte that is not part of a character. */
function firstInvalid(content: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let begin = 0;
  for (let next = 0; next < content.length; next += 1) {
    try {
      if (decoder.decode(content.subarray(next, next + 1), { stream: true }) !== "") begin = next + 1;
    } catch {
      break;
    }
  }
  return begin;
}
