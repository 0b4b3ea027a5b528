import { messageOf, PeekError } from "@peek/errors";
import { checkData, decode, encode } from "@peek/plugin-base/contracts";
import type { z } from "zod";

/**
 * Decodes and checks the body of a frame.
 *
 * @param schema Undefined for a body without a value. A newer peer may send one all the same, which is ignored.
 * @param title Names the value in error messages.
 * @throws PeekError `DATA_INVALID`, or `CONTRACT_INVALID`
 */
export function readBody(schema: z.ZodType | undefined, body: string, title: string): unknown {
  if (schema === undefined) return undefined;
  return checkData(schema, decodeBody(body, title), title);
}

/** Decodes the body of a frame, to be checked later. Otherwise as {@link readBody}. */
export function decodeBody(body: string, title: string): unknown {
  try {
    return decode(body);
  } catch (error) {
    throw withTitle(error, title);
  }
}

/**
 * Encodes a value as the body of a frame.
 *
 * @param title Names the value in error messages.
 * @throws PeekError `DATA_UNENCODABLE`
 */
export function writeBody(value: unknown, title: string): string {
  try {
    return encode(value);
  } catch (error) {
    throw withTitle(error, title);
  }
}

function withTitle(error: unknown, title: string): unknown {
  if (!PeekError.is(error)) return error;
  return new PeekError(error.code, `${title}: ${messageOf(error)}`, { cause: error, fields: error.fields });
}
