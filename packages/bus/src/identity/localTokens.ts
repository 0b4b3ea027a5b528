import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ServiceHome, serviceHome, writeFileAtomic } from "@peek/config";
import { messageOf, PeekError } from "@peek/errors";
import { type ServiceName, serviceNames } from "@peek/plugin-base";
import { readSmallFile } from "./readSmallFile.ts";
import { makeToken, type Token, tokenText, tryParseToken } from "./Token.ts";
import { newEntry, type TokenEntry, tokenState } from "./TokenEntry.ts";
import { tokensFile } from "./tokensFile.ts";

/** The label of the tokens that logic makes for the services on its own machine. */
const localLabel = "this machine";

/** The result of {@link ensureLocalTokens}. */
export interface LocalTokens {
  /** The services that got a new token. */
  readonly made: readonly ServiceName[];
  /** The services without a valid token, because an administrator revoked it. */
  readonly withheld: readonly ServiceName[];
}

/**
 * Makes the missing tokens of the services on logic's machine, and writes each to a file, mode 0600, that a service of the same
 * account reads. Logic calls it when it starts.
 *
 * A revoked token is not replaced, whether its file exists or not, until its entry is removed from tokens.json. A token is replaced
 * when its file is missing or damaged, or its entry is missing.
 *
 * @param home The home of logic.
 * @throws PeekError `TOKENS_UNUSABLE`, `HOME_UNUSABLE`
 */
export function ensureLocalTokens(home: ServiceHome): LocalTokens {
  const made: Token[] = [];
  const withheld: ServiceName[] = [];
  tokensFile(home).edit((tokens) =>
    serviceNames.reduce<readonly TokenEntry[]>((all, service) => {
      const present = presentEntry(home, service, all);
      if (present !== undefined && tokenState(present) === "valid") return all;
      const isRevoked = all.some((each) => isLocal(each, service) && each.revoked !== undefined);
      if (present !== undefined || isRevoked) {
        withheld.push(service);
        return all;
      }
      const token = makeToken(service);
      made.push(token);
      // An entry whose token text is lost is useless.
      return [...all.filter((each) => !isLocal(each, service)), { ...newEntry(token, localLabel), local: true }];
    }, tokens),
  );
  for (const token of made) writeLocalToken(home, token);
  return { made: made.map(({ service }) => service), withheld };
}

/** The file with the token that logic made for a service on its own machine. */
export function localTokenFile(logicHome: ServiceHome, service: ServiceName): string {
  return join(logicHome.tokensDir, "local", `${service}.token`);
}

/**
 * Reads the token that logic made for a service on its own machine.
 *
 * @param base The folder that contains the services' homes.
 * @returns The text of the token; undefined when there is none.
 * @throws PeekError `TOKENS_UNUSABLE`
 */
export function readLocalToken(base: string, service: ServiceName): string | undefined {
  const home = serviceHome("logic", { PEEK_HOME: base });
  const file = localTokenFile(home, service);
  const text = readIfPresent(file, home);
  if (text === undefined) return undefined;
  if (tryParseToken(text)?.service === service) return text;
  throw new PeekError(
    "TOKENS_UNUSABLE",
    `${file} does not contain a token for ${service}. Restart logic: it makes another.`,
    { fields: { file } },
  );
}

/** The entry of the token in a service's file; undefined when the file is missing or damaged, or there is no entry. */
function presentEntry(home: ServiceHome, service: ServiceName, all: readonly TokenEntry[]): TokenEntry | undefined {
  const text = readIfPresent(localTokenFile(home, service), home);
  const token = text === undefined ? undefined : tryParseToken(text);
  if (token?.service !== service) return undefined;
  const { hash } = newEntry(token, localLabel);
  return all.find((each) => each.id === token.id && each.service === service && each.hash === hash);
}

function isLocal(entry: TokenEntry, service: ServiceName): boolean {
  return entry.service === service && entry.local === true;
}

function writeLocalToken(home: ServiceHome, token: Token): void {
  const file = localTokenFile(home, token.service);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileAtomic(file, `${tokenText(token)}\n`);
  } catch (cause) {
    throw new PeekError("TOKENS_UNUSABLE", `Failed to write ${file}: ${messageOf(cause)}.`, {
      cause,
      fields: { file },
    });
  }
}

function readIfPresent(file: string, logicHome: ServiceHome): string | undefined {
  try {
    return readSmallFile(file).trim();
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new PeekError(
      "TOKENS_UNUSABLE",
      `Failed to read ${file}: ${messageOf(cause)}. ${adviceFor(file, logicHome)}`,
      {
        cause,
        fields: { file },
      },
    );
  }
}

function adviceFor(file: string, logicHome: ServiceHome): string {
  const owner = ownerOf(file) ?? ownerOf(logicHome.dir);
  const self = process.getuid?.();
  return owner === undefined || self === undefined || owner === self
    ? "Remove it and restart logic: it makes another."
    : `It belongs to the account ${owner}, and this service runs as ${self}: run the service as that account, or set dataExchange.token to a token from peek token create.`;
}

function ownerOf(file: string): number | undefined {
  try {
    return statSync(file).uid;
  } catch {
    // The account may not enter the folder.
    return undefined;
  }
}
