import { hash } from "node:crypto";
import { serviceNames } from "@peek/plugin-base";
import { z } from "zod";
import { type Token, tokenIdPattern } from "./Token.ts";

const time = z.iso.datetime({ error: 'a time such as "2027-01-31T12:00:00.000Z"' });

/** What a label may be: up to 100 characters that can be printed. */
export const tokenLabelPattern = /^\P{Cc}{0,100}$/u;

// Strict: a key of a newer version may limit what the token is good for.
const tokenEntrySchema = z.strictObject({
  /** The token's id, which is no secret. */
  id: z.string().regex(tokenIdPattern, { error: "8 small letters and digits" }),
  /** The service that the token is for. */
  service: z.enum(serviceNames),
  /** What its maker called it; may be empty. */
  label: z.string().regex(tokenLabelPattern, { error: "up to 100 characters that can be printed" }),
  /** SHA-256 of the token's secret, in hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, { error: "64 digits in hex" }),
  /** When it was made. */
  made: time,
  /** From when on it is good no more. Default: never. */
  expires: time.optional(),
  /** When it was revoked, if it was. */
  revoked: time.optional(),
  /** Whether logic made it for the service on its own machine. Default: no. */
  local: z.literal(true).optional(),
});

/** The content of tokens.json. */
export const tokensSchema = z.strictObject({
  tokens: z.array(tokenEntrySchema).refine((all) => new Set(all.map(({ id }) => id)).size === all.length, {
    error: "no id twice",
  }),
});

/** What is kept of a token. */
export type TokenEntry = z.infer<typeof tokenEntrySchema>;

/** What is kept of a token that is made now. */
export function newEntry({ id, service, secret }: Token, label: string): TokenEntry {
  return { id, service, label, hash: hashOf(secret).toString("hex"), made: new Date().toISOString() };
}

/** What a token is good for at a time. */
export type TokenState = "valid" | "expired" | "revoked";

/** What a token is good for now. */
export function tokenState({ expires, revoked }: TokenEntry): TokenState {
  if (revoked !== undefined) return "revoked";
  return expires !== undefined && Date.parse(expires) <= Date.now() ? "expired" : "valid";
}

/** What is kept of a secret. It is as random as a key, so that one round of a fast hash keeps it. */
export function hashOf(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}
