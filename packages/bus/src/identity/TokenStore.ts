import { timingSafeEqual } from "node:crypto";
import type { ServiceHome } from "@peek/config";
import { PeekError, toError } from "@peek/errors";
import { Listeners } from "@peek/kit";
import type { PrivateListFile } from "@peek/kit/private-list-file";
import type { ServiceName } from "@peek/plugin-base";
import { FileWatcher, fileVersion } from "./FileWatcher.ts";
import { makeToken, tokenIdPattern, tokenText, tryParseToken } from "./Token.ts";
import { hashOf, newEntry, type TokenEntry, tokenLabelPattern, type TokenState, tokenState } from "./TokenEntry.ts";
import { tokensFile } from "./tokensFile.ts";

/** A token in a list, without its secret or hash. */
export interface ListedToken extends Omit<TokenEntry, "hash"> {
  readonly state: TokenState;
}

/** Options of a new token. */
export interface TokenOptions {
  /** A description for lists; up to 100 characters. Default: empty. */
  readonly label?: string;
  /** When the token expires. Default: never. */
  readonly expires?: Date;
}

/** The result of verifying a token. */
export type TokenVerdict =
  | { readonly ok: true; readonly service: ServiceName; readonly id: string }
  | {
      readonly ok: false;
      /** `unknown` also for a known id with a wrong secret; `unusable`: the stored tokens cannot be read. */
      readonly reason: "malformed" | "unknown" | "revoked" | "expired" | "unusable";
      /** The id that the token claims, unless it is malformed. */
      readonly id?: string;
    };

/** Called after the tokens have changed, with the error when they cannot be read. Must not throw. */
export type TokensListener = (error: PeekError | undefined) => void;

/**
 * The tokens by which logic identifies services. Any process may change their file; a lock keeps the changes apart, and a verifying
 * process uses them at once.
 *
 * While the file is damaged, no token is accepted, and the file is left unchanged. While the system refuses to read it, which may be
 * temporary (too many open files), the tokens read before stay valid, and reading is tried again.
 */
export class TokenStore implements Disposable {
  readonly #file: PrivateListFile<TokenEntry>;
  readonly #listeners = new Listeners<PeekError | undefined>();
  #entries: ReadonlyMap<string, TokenEntry> = new Map();
  #error: PeekError | undefined;
  /** The version of the file that was read last; undefined when it must be read again. */
  #version: string | undefined;
  #wasRead = false;
  #watcher: FileWatcher | undefined;
  #isDisposed = false;

  /**
   * Reads nothing yet.
   *
   * @param home The home of logic.
   */
  constructor(home: ServiceHome) {
    this.#file = tokensFile(home);
  }

  /**
   * Makes a token.
   *
   * @returns The text of the token. It is not stored.
   * @throws PeekError `USAGE` for an invalid label; `TOKENS_UNUSABLE`, `HOME_UNUSABLE`
   */
  create(service: ServiceName, { label = "", expires }: TokenOptions = {}): string {
    if (!tokenLabelPattern.test(label)) {
      throw new PeekError("USAGE", "The label of a token may have at most 100 characters, all of them printable.");
    }
    let token = makeToken(service);
    this.#file.edit((tokens) => {
      while (tokens.some(({ id }) => id === token.id)) token = makeToken(service);
      return [
        ...tokens,
        { ...newEntry(token, label), ...(expires !== undefined && { expires: expires.toISOString() }) },
      ];
    });
    this.#update();
    return tokenText(token);
  }

  /**
   * Reads all tokens, in the order in which they were made.
   *
   * @throws PeekError `TOKENS_UNUSABLE`
   */
  list(): readonly ListedToken[] {
    return this.#file.read().map(listed);
  }

  /**
   * Revokes a token. A token that is revoked already is left unchanged.
   *
   * @throws PeekError `TOKEN_UNKNOWN`, `TOKENS_UNUSABLE`
   */
  revoke(id: string): ListedToken {
    // Checked first: edit() would create a missing home.
    if (!this.#file.read().some((each) => each.id === id)) throw this.#unknown(id);
    const revoked = new Date().toISOString();
    const after = this.#file.edit((tokens) =>
      tokens.some((each) => each.id === id && each.revoked === undefined)
        ? tokens.map((each) => (each.id === id ? { ...each, revoked } : each))
        : tokens,
    );
    this.#update();
    const entry = after.find((each) => each.id === id);
    if (entry === undefined) throw this.#unknown(id);
    return listed(entry);
  }

  /** Verifies a token. The file is checked for changes when the id is unknown: the token may be new. */
  verify(text: string): TokenVerdict {
    this.#follow();
    const token = tryParseToken(text);
    if (token === undefined) return { ok: false, reason: "malformed" };
    const { id, service } = token;
    if (!this.#entries.has(id)) this.#update();
    const entry = this.#entries.get(id);
    const hash = hashOf(token.secret);
    // Always compared: otherwise, the duration would reveal which ids exist.
    const isSame = timingSafeEqual(
      hash,
      entry === undefined ? Buffer.alloc(hash.length) : Buffer.from(entry.hash, "hex"),
    );
    if (this.#error !== undefined && entry === undefined) return { ok: false, reason: "unusable", id };
    if (entry === undefined || !isSame || entry.service !== service) return { ok: false, reason: "unknown", id };
    const state = tokenState(entry);
    return state === "valid" ? { ok: true, service, id } : { ok: false, reason: state, id };
  }

  /** Whether a token that was verified before is still valid. */
  isValid(id: string): boolean {
    this.#follow();
    const entry = this.#entries.get(id);
    return entry !== undefined && tokenState(entry) === "valid";
  }

  /**
   * Adds a listener. It is called when any process has made, revoked or removed tokens; and once when the file becomes unusable
   * (also when it is unusable now), and once when it is usable again. It is not called when a token expires.
   */
  onChange(listener: TokensListener): Disposable {
    this.#follow();
    const listening = new DisposableStack();
    listening.use(this.#listeners.add(listener));
    const error = this.#error;
    if (error !== undefined) this.#notifyLater(() => !listening.disposed && listener(error));
    return listening;
  }

  /** Stops following the file. The tokens read before are still verified. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#watcher?.[Symbol.dispose]();
    this.#watcher = undefined;
    this.#listeners.clear();
  }

  /** Starts to follow the file: on first use, since a command that lists or makes tokens does not need it. */
  #follow(): void {
    if (this.#watcher !== undefined || this.#isDisposed) return;
    this.#watcher = new FileWatcher(this.#file.path, () => this.#update());
    this.#update();
  }

  /** Reads the file if it has changed. */
  #update(): void {
    if (this.#watcher === undefined) return;
    // Taken before the file is read: a change in between is detected the next time.
    const version = fileVersion(this.#file.path);
    if (version === this.#version) return;
    const isFirst = !this.#wasRead;
    this.#wasRead = true;
    const errorBefore = this.#error;
    this.#version = this.#read() ? version : undefined;
    const error = this.#error;
    const isSameError = error !== undefined && error.message === errorBefore?.message;
    if (!isFirst && !isSameError) this.#notifyLater(() => this.#listeners.notify(error));
  }

  /** Returns false when the same version may be readable later. */
  #read(): boolean {
    try {
      this.#entries = new Map(this.#file.read().map((entry) => [entry.id, entry]));
      this.#error = undefined;
      return true;
    } catch (error) {
      const isTemporary = isSystemError(error);
      if (!isTemporary) this.#entries = new Map();
      this.#error = PeekError.is(error) ? error : unexpected(error);
      return !isTemporary;
    }
  }

  /** Listeners are never called from within a method that they may have called. */
  #notifyLater(notify: () => void): void {
    queueMicrotask(() => {
      if (!this.#isDisposed) notify();
    });
  }

  #unknown(id: string): PeekError {
    // A text that is no id may be a whole token, and must not be shown.
    const token = tokenIdPattern.test(id) ? id : "with the given id, which is malformed,";
    return new PeekError("TOKEN_UNKNOWN", `There is no token ${token} in ${this.#file.path}. See peek token list.`);
  }
}

function listed(entry: TokenEntry): ListedToken {
  const { hash: _hash, ...rest } = entry;
  return { ...rest, state: tokenState(entry) };
}

/** Whether the system refused to read the file, as opposed to its content being invalid. */
function isSystemError(error: unknown): boolean {
  const cause = PeekError.is(error) ? error.cause : error;
  return cause instanceof Error && "syscall" in cause;
}

function unexpected(error: unknown): PeekError {
  return new PeekError("TOKENS_UNUSABLE", `Failed to read the tokens: ${toError(error).message}`, { cause: error });
}
