import { randomBytes } from "node:crypto";
import { PeekError } from "@peek/errors";
import { type ServiceName, serviceNames } from "@peek/plugin-base";

/** What a service proves with who it is. As text: `peek_<service>_<id>_<secret>`. */
export interface Token {
  /** The service that it is for. */
  readonly service: ServiceName;
  /** What people call it by; no secret. Eight letters and digits: `k3v9x2m7`. */
  readonly id: string;
  /** 32 random bytes in base64url. */
  readonly secret: string;
}

/** The id of a token: base32, lower case. */
export const tokenIdPattern = /^[a-z2-7]{8}$/;

// The last letter has four bits of the bytes and two that are zero.
const tokenPattern = /^peek_([a-z]{1,16})_([a-z2-7]{8})_([\w-]{42}[AEIMQUYcgkosw048])$/;
const base32 = "abcdefghijklmnopqrstuvwxyz234567";

/** A new token, which nobody knows yet. */
export function makeToken(service: ServiceName): Token {
  const id = Array.from(randomBytes(8), (byte) => base32[byte % base32.length]).join("");
  return { service, id, secret: randomBytes(32).toString("base64url") };
}

/** A token as text. */
export function tokenText({ service, id, secret }: Token): string {
  return `peek_${service}_${id}_${secret}`;
}

/**
 * The token that a text is, to the letter.
 *
 * @throws PeekError `TOKEN_MALFORMED`, without the text in it.
 */
export function parseToken(text: string): Token {
  const token = tryParseToken(text);
  if (token !== undefined) return token;
  throw new PeekError("TOKEN_MALFORMED", `What should be a token is not one: ${whyMalformed(text)}.`);
}

/** The token that a text is, or undefined when it is none. */
export function tryParseToken(text: string): Token | undefined {
  const [, name, id, secret] = tokenPattern.exec(text) ?? [];
  const service = serviceNames.find((each) => each === name);
  return service === undefined || id === undefined || secret === undefined ? undefined : { service, id, secret };
}

/** What can be said of it without showing any of it. */
function whyMalformed(text: string): string {
  if (text === "") return "it is empty";
  if (/\s/.test(text)) return "it has white space in it";
  const form = "a token is peek_<service>_<id>_<secret>, with an id of 8 and a secret of 43 characters";
  return `it has ${text.length} characters, and ${form}`;
}
