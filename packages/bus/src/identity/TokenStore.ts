import { timingSafeEqual } from "node:crypto";
import type { ServiceHome } from "@peek/config";
import { PeekError, toError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import { Listeners } from "@peek/kit";
import { FileWatcher, fileVersion } from "./FileWatcher.ts";
import { makeToken, tokenIdPattern, tokenText, tryParseToken } from "./Token.ts";
import { hashOf, newEntry, type TokenEntry, tokenLabelPattern, type TokenState, tokenState } from "./TokenEntry.ts";
import { editTokens, readTokens, tokensFile } from "./tokensFile.ts";

/** What is told of a token; never anything that it could be used by. */
export interface ListedToken extends Omit<TokenEntry, "hash"> {
  readonly state: TokenState;
}

/** What a new token is like. */
export interface TokenOptions {
  /** What it is called in lists; up to 100 characters. Default: nothing. */
  readonly label?: string;
  /** From when on it is good no more. Default: never. */
  readonly expires?: Date;
}

/** Whose a token is, or why it is not accepted. */
export type TokenVerdict =
  | { readonly ok: true; readonly service: ServiceName; readonly id: string }
  | {
      readonly ok: false;
      /** `unknown` also where the id is known and the secret is not its own; `unusable`: nobody's can be checked. */
      readonly reason: "malformed" | "unknown" | "revoked" | "expired" | "unusable";
      /** What it calls itself, where it has the form of a token. */
      readonly id?: string;
    };

/** Calls after the tokens have changed, with what is wrong with them now, if anything. Must not throw. */
export type TokensListener = (trouble: PeekError | undefined) => void;

/**
 * The tokens that logic knows services by. Their file is logic's, and any process may change it: all take turns, and one
 * that verifies sees it at once.
 *
 * While the file is damaged, nobody is accepted, and it is left as it was. While the system does not let it be read, which
 * may pass (no more files can be opened), what was known before is good, and it is tried again.
 */
export class TokenStore implements Disposable {
  readonly #home: ServiceHome;
  readonly #listeners = new Listeners<PeekError | undefined>();
  #entries: ReadonlyMap<string, TokenEntry> = new Map();
  #trouble: PeekError | undefined;
  /** Of the file when it was read last; undefined when that has failed. */
  #version: string | undefined;
  #wasRead = false;
  #watch: FileWatcher | undefined;
  #isDisposed = false;

  /**
   * Reads nothing yet.
   *
   * @param home Of logic.
   */
  constructor(home: ServiceHome) {
    this.#home = home;
  }

  /**
   * Makes a token.
   *
   * @returns The token; it can never be had again.
   * @throws PeekError `USAGE` for a label that it cannot have; `TOKENS_UNUSABLE`, `HOME_UNUSABLE`
   */
  create(service: ServiceName, { label = "", expires }: TokenOptions = {}): string {
    if (!tokenLabelPattern.test(label)) {
      throw new PeekError("USAGE", "A token's label has at most 100 characters, all of which can be printed.");
    }
    let token = makeToken(service);
    editTokens(this.#home, (tokens) => {
      while (tokens.some(({ id }) => id === token.id)) token = makeToken(service);
      return [
        ...tokens,
        { ...newEntry(token, label), ...(expires !== undefined && { expires: expires.toISOString() }) },
      ];
    });
    this.#reread();
    return tokenText(token);
  }

  /**
   * All tokens, in the order in which they were made; read anew.
   *
   * @throws PeekError `TOKENS_UNUSABLE`
   */
  list(): readonly ListedToken[] {
    return readTokens(this.#home).map(listed);
  }

  /**
   * Makes a token good for nothing; one that is revoked already stays as it is.
   *
   * @throws PeekError `TOKEN_UNKNOWN`, `TOKENS_UNUSABLE`
   */
  revoke(id: string): ListedToken {
    // Nothing is made only to find that it is not in there.
    if (!readTokens(this.#home).some((each) => each.id === id)) throw this.#unknown(id);
    const revoked = new Date().toISOString();
    const after = editTokens(this.#home, (tokens) =>
      tokens.some((each) => each.id === id && each.revoked === undefined)
        ? tokens.map((each) => (each.id === id ? { ...each, revoked } : each))
        : tokens,
    );
    this.#reread();
    const entry = after.find((each) => each.id === id);
    if (entry === undefined) throw this.#unknown(id);
    return listed(entry);
  }

  /**
   * Whose a token is. The file is read when it has changed, and looked at when the id is not known: it may have been
   * made a moment ago.
   */
  verify(text: string): TokenVerdict {
    this.#follow();
    const token = tryParseToken(text);
    if (token === undefined) return { ok: false, reason: "malformed" };
    const { id, service } = token;
    if (!this.#entries.has(id)) this.#reread();
    const entry = this.#entries.get(id);
    const hash = hashOf(token.secret);
    // Compared with something in any case: how long it takes does not tell which ids there are.
    const isSame = timingSafeEqual(
      hash,
      entry === undefined ? Buffer.alloc(hash.length) : Buffer.from(entry.hash, "hex"),
    );
    if (this.#trouble !== undefined && entry === undefined) return { ok: false, reason: "unusable", id };
    if (entry === undefined || !isSame || entry.service !== service) return { ok: false, reason: "unknown", id };
    const state = tokenState(entry);
    return state === "valid" ? { ok: true, service, id } : { ok: false, reason: state, id };
  }

  /** Whether a token that was verified before is good still. */
  isValid(id: string): boolean {
    this.#follow();
    const entry = this.#entries.get(id);
    return entry !== undefined && tokenState(entry) === "valid";
  }

  /**
   * Calls when tokens were made, revoked or removed, by this process or another; and once when the file cannot be used
   * (at the beginning too), and when it can be again. Not when one expires.
   */
  onChange(listener: TokensListener): Disposable {
    this.#follow();
    const listening = new DisposableStack();
    listening.use(this.#listeners.add(listener));
    const trouble = this.#trouble;
    if (trouble !== undefined) this.#later(() => !listening.disposed && listener(trouble));
    return listening;
  }

  /** Ends the watching. What it knows then, it knows for good. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    this.#listeners.clear();
  }

  /** Begins to watch the file: for one command that lists or makes a token, nothing need be. */
  #follow(): void {
    if (this.#watch !== undefined || this.#isDisposed) return;
    this.#watch = new FileWatcher(tokensFile(this.#home), () => this.#reread());
    this.#reread();
  }

  #reread(): void {
    if (this.#watch === undefined) return;
    // Asked for before the file is read: a change in between is seen the next time.
    const version = fileVersion(tokensFile(this.#home));
    if (version === this.#version) return;
    const isFirst = !this.#wasRead;
    this.#wasRead = true;
    const troubleBefore = this.#trouble;
    this.#version = this.#read() ? version : undefined;
    const trouble = this.#trouble;
    const isSameTrouble = trouble !== undefined && trouble.message === troubleBefore?.message;
    if (!isFirst && !isSameTrouble) this.#later(() => this.#listeners.tell(trouble));
  }

  /** @returns Whether it is of no use to read again what is there now. */
  #read(): boolean {
    try {
      this.#entries = new Map(readTokens(this.#home).map((entry) => [entry.id, entry]));
      this.#trouble = undefined;
      return true;
    } catch (error) {
      const mayPass = isOfTheSystem(error);
      if (!mayPass) this.#entries = new Map();
      this.#trouble = PeekError.is(error) ? error : unexpected(error);
      return !mayPass;
    }
  }

  /** So that nobody is called from within what he has called. */
  #later(tell: () => void): void {
    queueMicrotask(() => {
      if (!this.#isDisposed) tell();
    });
  }

  #unknown(id: string): PeekError {
    // What else was given may be a whole token.
    const which = tokenIdPattern.test(id) ? id : "of that id, which is not one that a token can have,";
    return new PeekError(
      "TOKEN_UNKNOWN",
      `There is no token ${which} in ${tokensFile(this.#home)}. See peek token list.`,
    );
  }
}

function listed(entry: TokenEntry): ListedToken {
  const { hash: _hash, ...rest } = entry;
  return { ...rest, state: tokenState(entry) };
}

/** Whether it is the system that does not let a file be read, and not what is in it. */
function isOfTheSystem(error: unknown): boolean {
  const cause = PeekError.is(error) ? error.cause : error;
  return cause instanceof Error && "syscall" in cause;
}

function unexpected(error: unknown): PeekError {
  return new PeekError("TOKENS_UNUSABLE", `The tokens cannot be read: ${toError(error).message}`, { cause: error });
}
