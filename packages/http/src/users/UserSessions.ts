import { messageOf, PeekError } from "@peek/errors";
import type { Logger, PeekUser } from "@peek/plugin-base";
import { sessionIdOf } from "../sessions/cookies.ts";
import type {
  Credentials,
  LoginDesk,
  LoginOutcome,
  SessionProvider,
  SessionVerdict,
  SiteSession,
} from "../sessions/SessionProvider.ts";
import type { SiteRequest } from "../site/SiteRequest.ts";
import { hashOfSession } from "./SessionStore.ts";
import type { KnownSession, UserSource } from "./UserSource.ts";
import { PendingLogouts } from "./PendingLogouts.ts";
import { ValidationBatch } from "./ValidationBatch.ts";

/** How long a session that nobody uses is followed; milliseconds. */
const keepMs = 600_000;
const maxCached = 20_000;
const defaultRevalidateMs = 2000;
const sessionPattern = /^[\w-]{43}$/;

/** What {@link UserSessions} are made of. */
export interface UserSessionsOptions {
  readonly source: UserSource;
  /** Only its members are let in. Default: everybody who has logged in. */
  readonly requiredGroup?: string;
  readonly logger: Logger;
  /** How often the sessions in use are asked for again; milliseconds. Default: 2,000. */
  readonly revalidateMs?: number;
}

/** A session that is followed. */
interface Followed extends SiteSession {
  readonly hash: string;
  readonly controller: AbortController;
  holds: number;
  usedAt: number;
}

/**
 * Lets in who has logged in. Sessions in use are asked for again every two seconds, all together, so that one that was
 * revoked ends soon. While they cannot be asked for, those that are known stay good; others are told to come again.
 */
export class UserSessions implements SessionProvider, AsyncDisposable {
  readonly desk: LoginDesk;
  readonly #options: UserSessionsOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #bySession = new WeakMap<SiteSession, Followed>();
  readonly #batch: ValidationBatch;
  readonly #logouts: PendingLogouts;
  readonly #timer: NodeJS.Timeout;
  #round: Promise<void> | undefined;
  #isAway = false;

  constructor(options: UserSessionsOptions) {
    this.#options = options;
    this.#batch = new ValidationBatch(options.source);
    this.#logouts = new PendingLogouts(options.source);
    this.desk = {
      logIn: (credentials) => this.#logIn(credentials),
      logOut: (session) => this.#logOut(session),
    };
    this.#timer = setInterval(() => {
      // Rounds do not overtake each other.
      this.#round ??= this.#revalidate().finally(() => (this.#round = undefined));
    }, options.revalidateMs ?? defaultRevalidateMs);
    this.#timer.unref();
  }

  async authenticate(request: SiteRequest): Promise<SessionVerdict> {
    const id = sessionIdOf(request);
    if (id === undefined || !sessionPattern.test(id)) return { ok: false, reason: "login" };
    const hash = hashOfSession(id);
    if (this.#logouts.has(hash)) return { ok: false, reason: "login" };
    const before = this.#followed.get(hash);
    if (before !== undefined) return this.#verdict(before);
    let known: KnownSession | null | undefined;
    try {
      known = await this.#batch.ask(hash);
    } catch (error) {
      this.#away(error);
      return { ok: false, reason: "unavailable" };
    }
    if (known === undefined) return { ok: false, reason: "unavailable" };
    if (known === null || this.#logouts.has(hash)) return { ok: false, reason: "login" };
    return this.#verdict(this.#followed.get(hash) ?? this.#follow(hash, known));
  }

  hold(session: SiteSession): Disposable {
    const followed = this.#bySession.get(session);
    if (followed === undefined) return { [Symbol.dispose]: () => {} };
    followed.holds += 1;
    // It may have been forgotten in between.
    if (!followed.ended.aborted && !this.#followed.has(followed.hash)) this.#followed.set(followed.hash, followed);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        followed.holds -= 1;
        followed.usedAt = performance.now();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  #verdict(followed: Followed): SessionVerdict {
    const { requiredGroup } = this.#options;
    followed.usedAt = performance.now();
    if (requiredGroup !== undefined && !followed.user.groups.includes(requiredGroup)) {
      return { ok: false, reason: "forbidden" };
    }
    return { ok: true, session: followed, cookies: [] };
  }

  #follow(hash: string, { user, device }: KnownSession): Followed {
    const controller = new AbortController();
    const ended = controller.signal;
    const followed = { user, device, proof: hash, ended, hash, controller, holds: 0, usedAt: performance.now() };
    this.#makeRoom();
    this.#followed.set(hash, followed);
    this.#bySession.set(followed, followed);
    return followed;
  }

  async #revalidate(): Promise<void> {
    this.#forgetUnused();
    const all = [...this.#followed.values()];
    try {
      const isTold = await this.#logouts.tell();
      const known = await this.#batch.askAll(all.map(({ hash }) => hash));
      for (const [index, followed] of all.entries()) this.#judge(followed, known[index] ?? null);
      if (all.length > 0 || isTold) this.#isBack();
    } catch (error) {
      this.#away(error);
    }
  }

  #judge(followed: Followed, known: KnownSession | null): void {
    if (known === null) this.#end(followed, new PeekError("SESSION_ENDED", "The session has ended."));
    else if (!isSame(known.user, followed.user)) {
      this.#end(followed, new PeekError("SESSION_CHANGED", "The user has changed."));
    }
  }

  #end(followed: Followed, why: PeekError): void {
    if (this.#followed.get(followed.hash) === followed) this.#followed.delete(followed.hash);
    followed.controller.abort(why);
  }

  #forgetUnused(): void {
    // While nobody can be asked, who is forgotten could not come in again.
    if (this.#isAway) return;
    const now = performance.now();
    for (const [hash, { holds, usedAt }] of this.#followed) {
      if (holds === 0 && now - usedAt > keepMs) this.#followed.delete(hash);
    }
  }

  #makeRoom(): void {
    if (this.#followed.size < maxCached) return;
    for (const [hash, { holds }] of this.#followed) {
      if (holds > 0) continue;
      this.#followed.delete(hash);
      return;
    }
  }

  async #logIn(credentials: Credentials): Promise<LoginOutcome> {
    try {
      return await this.#options.source.login(credentials);
    } catch (error) {
      this.#away(error);
      return { ok: false, reason: "unavailable" };
    }
  }

  async #logOut(session: string): Promise<void> {
    if (!sessionPattern.test(session)) return;
    const hash = hashOfSession(session);
    const followed = this.#followed.get(hash);
    if (followed !== undefined) this.#end(followed, new PeekError("SESSION_ENDED", "The user has logged out."));
    try {
      await this.#logouts.end(hash);
    } catch (error) {
      this.#away(error);
    }
  }

  #away(error: unknown): void {
    if (this.#isAway) return;
    this.#isAway = true;
    this.#options.logger.warning(
      "Sessions cannot be asked for: %s. Those that are known stay good until it can be",
      messageOf(error).replace(/\.$/, ""),
    );
  }

  #isBack(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#options.logger.info("Sessions can be asked for again");
  }
}

function isSame(a: PeekUser, b: PeekUser): boolean {
  return (
    a.name === b.name && a.groups.length === b.groups.length && a.groups.every((each, at) => each === b.groups[at])
  );
}
