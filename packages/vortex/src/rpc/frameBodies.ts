import { messageOf, PeekError } from "@peek/errors";
import { checkData, decode, encode } from "@peek/plugin-base/contracts";
import type { z } from "zod";

/**
 * Reads a body that a peer has sent.
 *
 * @param schema Undefined: there is nothing to be in it; what a newer side may have put there is passed over.
 * @param what What it is, for the message.
 * @throws PeekError `DATA_INVALID`, or `CONTRACT_INVALID`
 */
export function readBody(schema: z.ZodType | undefined, body: string, what: string): unknown {
  if (schema === undefined) return undefined;
  return checkData(schema, decodeBody(body, what), what);
}

/** As {@link readBody}, for what is checked later. */
export function decodeBody(body: string, what: string): unknown {
  try {
    return decode(body);
  } catch (error) {
    throw named(error, what);
  }
}

/**
 * A value as the body of a text.
 *
 * @throws PeekError `DATA_UNENCODABLE`
 */
export function writeBody(value: unknown, what: string): string {
  try {
    return encode(value);
  } catch (error) {
    throw named(error, what);
  }
}

function named(error: unknown, what: string): unknown {
  if (!PeekError.is(error)) return error;
  return new PeekError(error.code, `${what}: ${messageOf(error)}`, { cause: error, fields: error.fields });
}
