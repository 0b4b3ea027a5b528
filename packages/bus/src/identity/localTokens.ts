import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ServiceHome, serviceHome, writeFileAtomic } from "@peek/config";
import { messageOf, PeekError } from "@peek/errors";
import { type ServiceName, serviceNames } from "@peek/plugin-base";
import { readSmallFile } from "./readSmallFile.ts";
import { makeToken, type Token, tokenText, tryParseToken } from "./Token.ts";
import { newEntry, type TokenEntry, tokenState } from "./TokenEntry.ts";
import { editTokens } from "./tokensFile.ts";

/** What the tokens are called that logic makes for the services on its own machine. */
const localLabel = "this machine";

/** What has become of the tokens for the services on logic's machine. */
export interface LocalTokens {
  /** The services that got one now. */
  readonly made: readonly ServiceName[];
  /** The services that have none that is good: an administrator revoked it. */
  readonly withheld: readonly ServiceName[];
}

/**
 * Makes, where it is missing, a token for each service on logic's machine, and puts its text where a service of the same
 * account finds it; mode 0600. For logic, when it starts.
 *
 * One that was revoked is not made anew, whether its file is still there or not, until its entry is taken out of
 * tokens.json. One whose file is lost or damaged, or whose entry is, gets another in its place.
 *
 * @param home Of logic.
 * @throws PeekError `TOKENS_UNUSABLE`, `HOME_UNUSABLE`
 */
export function ensureLocalTokens(home: ServiceHome): LocalTokens {
  const made: Token[] = [];
  const withheld: ServiceName[] = [];
  editTokens(home, (tokens) =>
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
      // That of a text that is lost is of use to nobody any more.
      return [...all.filter((each) => !isLocal(each, service)), { ...newEntry(token, localLabel), local: true }];
    }, tokens),
  );
  for (const token of made) writeLocalToken(home, token);
  return { made: made.map(({ service }) => service), withheld };
}

/** Where the token is that logic made for a service on its own machine. */
export function localTokenFile(logicHome: ServiceHome, service: ServiceName): string {
  return join(logicHome.tokensDir, "local", `${service}.token`);
}

/**
 * The token that logic made for a service on its own machine.
 *
 * @param base The folder in which the services' homes are.
 * @returns The token's text; undefined when there is none.
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
    `${file} does not hold a token for ${service}. Start logic again: it makes another.`,
    { fields: { file } },
  );
}

/** What is known of the token in a service's file; undefined when that is missing, damaged, or known to nobody. */
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
    throw new PeekError("TOKENS_UNUSABLE", `${file} could not be written: ${messageOf(cause)}.`, {
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
      `${file} cannot be read: ${messageOf(cause)}. ${adviceFor(file, logicHome)}`,
      {
        cause,
        fields: { file },
      },
    );
  }
}

function adviceFor(file: string, logicHome: ServiceHome): string {
  const owner = ownerOf(file) ?? ownerOf(logicHome.dir);
  const own = process.getuid?.();
  return owner === undefined || own === undefined || owner === own
    ? "Remove it and start logic again: it makes another."
    : `It is that of the account ${owner}, and this one is ${own}: run the service by that account, or set dataExchange.token to one from peek token create.`;
}

function ownerOf(file: string): number | undefined {
  try {
    return statSync(file).uid;
  } catch {
    // What is in a folder that this account may not enter cannot be looked at.
    return undefined;
  }
}
