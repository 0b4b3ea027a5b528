import { hash } from "node:crypto";
import { serviceNames } from "@peek/plugin-base";
import { z } from "zod";
import { type Token, tokenIdPattern } from "./Token.ts";

const time = z.iso.datetime({ error: 'a time such as "2027-01-31T12:00:00.000Z"' });

/** A label: up to 100 printable characters. */
export const tokenLabelPattern = /^\P{Cc}{0,100}$/u;

// Strict: an unknown key of a newer version may restrict the token.
const tokenEntrySchema = z.strictObject({
  /** The token's id; not secret. */
  id: z.string().regex(tokenIdPattern, { error: "8 lower-case letters and digits" }),
  /** The service whose identity the token proves. */
  service: z.enum(serviceNames),
  /** The administrator's description; may be empty. */
  label: z.string().regex(tokenLabelPattern, { error: "up to 100 printable characters" }),
  /** SHA-256 of the token's secret, in hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, { error: "64 hex digits" }),
  /** When the token was made. */
  made: time,
  /** When the token expires. Default: never. */
  expires: time.optional(),
  /** When the token was revoked. Default: it was not. */
  revoked: time.optional(),
  /** Whether logic made the token for a service on its own machine. Default: no. */
  local: z.literal(true).optional(),
});

/** The stored part of a token. */
export type TokenEntry = z.infer<typeof tokenEntrySchema>;

/** The content of tokens.json; gives its entries. */
export const tokensSchema: z.ZodType<readonly TokenEntry[]> = z
  .strictObject({
    tokens: z.array(tokenEntrySchema).refine((all) => new Set(all.map(({ id }) => id)).size === all.length, {
      error: "no id twice",
    }),
  })
  .transform(({ tokens }) => tokens);

/** Makes the entry of a new token. */
export function newEntry({ id, service, secret }: Token, label: string): TokenEntry {
  return { id, service, label, hash: hashOf(secret).toString("hex"), made: new Date().toISOString() };
}

/** Whether a token is accepted, and if not, why. */
export type TokenState = "valid" | "expired" | "revoked";

/** The present state of a token. */
export function tokenState({ expires, revoked }: TokenEntry): TokenState {
  if (revoked !== undefined) return "revoked";
  return expires !== undefined && Date.parse(expires) <= Date.now() ? "expired" : "valid";
}

/** Hashes a secret. The secret has as much entropy as a key, so a single round of a fast hash is sufficient. */
export function hashOf(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}
