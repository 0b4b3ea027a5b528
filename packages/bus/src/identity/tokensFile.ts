import type { ServiceHome } from "@peek/config";
import { PrivateListFile, type PrivateListFormat } from "@peek/kit/private-list-file";
import { type TokenEntry, tokensSchema } from "./TokenEntry.ts";

const format: PrivateListFormat<TokenEntry> = {
  name: "tokens.json",
  code: "TOKENS_UNUSABLE",
  schemaOf: () => tokensSchema,
  documentOf: (tokens) => ({ tokens }),
  damage: "No token is accepted",
  remedy: "Remove tokens that are revoked or expired",
};

/** The file in which logic stores the entries of all tokens. */
export function tokensFile(home: ServiceHome): PrivateListFile<TokenEntry> {
  return new PrivateListFile(home, home.tokensDir, format);
}
