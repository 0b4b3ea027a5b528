import { randomBytes } from "node:crypto";
import { PeekError } from "@peek/errors";
import { type ServiceName, serviceNames } from "@peek/plugin-base";

/** The secret by which a service proves its identity. As text: `peek_<service>_<id>_<secret>`. */
export interface Token {
  /** The service whose identity it proves. */
  readonly service: ServiceName;
  /** Identifies the token in lists and logs; not secret. Eight letters and digits: `k3v9x2m7`. */
  readonly id: string;
  /** 32 random bytes in base64url. */
  readonly secret: string;
}

/** The id of a token: base32, lower case. */
export const tokenIdPattern = /^[a-z2-7]{8}$/;

// The last character of the secret holds four bits of data and two bits that are zero.
const tokenPattern = /^peek_([a-z]{1,16})_([a-z2-7]{8})_([\w-]{42}[AEIMQUYcgkosw048])$/;
const base32 = "abcdefghijklmnopqrstuvwxyz234567";

/** Makes a new token. */
export function makeToken(service: ServiceName): Token {
  const id = Array.from(randomBytes(8), (byte) => base32[byte % base32.length]).join("");
  return { service, id, secret: randomBytes(32).toString("base64url") };
}

/** A token as text. */
export function tokenText({ service, id, secret }: Token): string {
  return `peek_${service}_${id}_${secret}`;
}

/**
 * Parses the text of a token.
 *
 * @throws PeekError `TOKEN_MALFORMED`, without the text in it.
 */
export function parseToken(text: string): Token {
  const token = tryParseToken(text);
  if (token !== undefined) return token;
  throw new PeekError("TOKEN_MALFORMED", `The token is malformed: ${whyMalformed(text)}.`);
}

/** Parses the text of a token; undefined when it is malformed. */
export function tryParseToken(text: string): Token | undefined {
  const [, name, id, secret] = tokenPattern.exec(text) ?? [];
  const service = serviceNames.find((each) => each === name);
  return service === undefined || id === undefined || secret === undefined ? undefined : { service, id, secret };
}

/** The reason, without any part of the text. */
function whyMalformed(text: string): string {
  if (text === "") return "it is empty";
  if (/\s/.test(text)) return "it contains white space";
  const form = "a token is peek_<service>_<id>_<secret>, with an id of 8 and a secret of 43 characters";
  return `it has ${text.length} characters, and ${form}`;
}
