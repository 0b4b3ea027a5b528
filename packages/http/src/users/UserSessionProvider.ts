import { messageOf, PeekError } from "@peek/errors";
import type { Logger, PeekUser } from "@peek/plugin-base";
import { sessionIdOf } from "../sessions/cookies.ts";
import type {
  Credentials,
  LoginHandler,
  LoginResult,
  SessionProvider,
  AuthenticationResult,
  SiteSession,
} from "../sessions/SessionProvider.ts";
import type { SiteRequest } from "../site/SiteRequest.ts";
import { hashOfSession } from "./SessionStore.ts";
import type { ValidSession, AuthenticationBackend } from "./AuthenticationBackend.ts";
import { PendingLogouts } from "./PendingLogouts.ts";
import { SessionValidationBatcher } from "./SessionValidationBatcher.ts";

/** How long an unused session is tracked. */
const keepMs = 600_000;
const maxTracked = 20_000;
const defaultRevalidateMs = 2000;
const sessionPattern = /^[\w-]{43}$/;

/** The options of {@link UserSessionProvider}. */
export interface UserSessionProviderOptions {
  readonly backend: AuthenticationBackend;
  /** Only members of this group may use the site. Default: all users may. */
  readonly requiredGroup?: string;
  readonly logger: Logger;
  /** How often the sessions in use are validated again. Default: 2,000. */
  readonly revalidateMs?: number;
}

/** A session that is validated repeatedly. */
interface TrackedSession extends SiteSession {
  readonly hash: string;
  readonly controller: AbortController;
  /** How many connections use it. */
  users: number;
  usedAt: number;
}

/**
 * Authenticates requests by the sessions of users. All sessions in use are validated again every two seconds, so that a revoked one ends
 * soon. While logic cannot be reached, tracked sessions remain valid, and other requests are refused as `unavailable`.
 */
export class UserSessionProvider implements SessionProvider, AsyncDisposable {
  readonly loginHandler: LoginHandler;
  readonly #options: UserSessionProviderOptions;
  readonly #tracked = new Map<string, TrackedSession>();
  readonly #bySession = new WeakMap<SiteSession, TrackedSession>();
  readonly #batch: SessionValidationBatcher;
  readonly #logouts: PendingLogouts;
  readonly #timer: NodeJS.Timeout;
  #round: Promise<void> | undefined;
  #isAway = false;

  constructor(options: UserSessionProviderOptions) {
    this.#options = options;
    this.#batch = new SessionValidationBatcher(options.backend);
    this.#logouts = new PendingLogouts(options.backend);
    this.loginHandler = {
      logIn: (credentials) => this.#logIn(credentials),
      logOut: (session) => this.#logOut(session),
    };
    this.#timer = setInterval(() => {
      // Rounds do not overlap.
      this.#round ??= this.#revalidate().finally(() => (this.#round = undefined));
    }, options.revalidateMs ?? defaultRevalidateMs);
    this.#timer.unref();
  }

  async authenticate(request: SiteRequest): Promise<AuthenticationResult> {
    const id = sessionIdOf(request);
    if (id === undefined || !sessionPattern.test(id)) return { ok: false, reason: "login" };
    const hash = hashOfSession(id);
    if (this.#logouts.has(hash)) return { ok: false, reason: "login" };
    const before = this.#tracked.get(hash);
    if (before !== undefined) return this.#accept(before);
    let valid: ValidSession | null | undefined;
    try {
      valid = await this.#batch.validate(hash);
    } catch (error) {
      this.#away(error);
      return { ok: false, reason: "unavailable" };
    }
    if (valid === undefined) return { ok: false, reason: "unavailable" };
    if (valid === null || this.#logouts.has(hash)) return { ok: false, reason: "login" };
    return this.#accept(this.#tracked.get(hash) ?? this.#track(hash, valid));
  }

  track(session: SiteSession): Disposable {
    const tracked = this.#bySession.get(session);
    if (tracked === undefined) return { [Symbol.dispose]: () => {} };
    tracked.users += 1;
    // The session may have been dropped in between.
    if (!tracked.ended.aborted && !this.#tracked.has(tracked.hash)) this.#tracked.set(tracked.hash, tracked);
    let isTracked = true;
    return {
      [Symbol.dispose]: () => {
        if (!isTracked) return;
        isTracked = false;
        tracked.users -= 1;
        tracked.usedAt = performance.now();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#round;
  }

  #accept(tracked: TrackedSession): AuthenticationResult {
    const { requiredGroup } = this.#options;
    tracked.usedAt = performance.now();
    if (requiredGroup !== undefined && !tracked.user.groups.includes(requiredGroup)) {
      return { ok: false, reason: "forbidden" };
    }
    return { ok: true, session: tracked, cookies: [] };
  }

  #track(hash: string, { user, device }: ValidSession): TrackedSession {
    const controller = new AbortController();
    const ended = controller.signal;
    const tracked = { user, device, proof: hash, ended, hash, controller, users: 0, usedAt: performance.now() };
    this.#makeRoom();
    this.#tracked.set(hash, tracked);
    this.#bySession.set(tracked, tracked);
    return tracked;
  }

  async #revalidate(): Promise<void> {
    this.#dropUnused();
    const all = [...this.#tracked.values()];
    try {
      const hadLogouts = await this.#logouts.retry();
      const valid = await this.#batch.validateAll(all.map(({ hash }) => hash));
      for (const [index, tracked] of all.entries()) this.#judge(tracked, valid[index] ?? null);
      if (all.length > 0 || hadLogouts) this.#isBack();
    } catch (error) {
      this.#away(error);
    }
  }

  #judge(tracked: TrackedSession, valid: ValidSession | null): void {
    if (valid === null) this.#end(tracked, new PeekError("SESSION_ENDED", "The session has ended."));
    else if (!isSame(valid.user, tracked.user)) {
      this.#end(tracked, new PeekError("SESSION_CHANGED", "The user has changed."));
    }
  }

  #end(tracked: TrackedSession, why: PeekError): void {
    if (this.#tracked.get(tracked.hash) === tracked) this.#tracked.delete(tracked.hash);
    tracked.controller.abort(why);
  }

  #dropUnused(): void {
    // While logic cannot be reached, a dropped session could not be validated again.
    if (this.#isAway) return;
    const now = performance.now();
    for (const [hash, { users, usedAt }] of this.#tracked) {
      if (users === 0 && now - usedAt > keepMs) this.#tracked.delete(hash);
    }
  }

  #makeRoom(): void {
    if (this.#tracked.size < maxTracked) return;
    for (const [hash, { users }] of this.#tracked) {
      if (users > 0) continue;
      this.#tracked.delete(hash);
      return;
    }
  }

  async #logIn(credentials: Credentials): Promise<LoginResult> {
    try {
      return await this.#options.backend.login(credentials);
    } catch (error) {
      this.#away(error);
      return { ok: false, reason: "unavailable" };
    }
  }

  async #logOut(session: string): Promise<void> {
    if (!sessionPattern.test(session)) return;
    const hash = hashOfSession(session);
    const tracked = this.#tracked.get(hash);
    if (tracked !== undefined) this.#end(tracked, new PeekError("SESSION_ENDED", "The user has logged out."));
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
      "Failed to validate sessions: %s. The tracked sessions remain valid until logic can be reached",
      messageOf(error).replace(/\.$/, ""),
    );
  }

  #isBack(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#options.logger.info("Sessions are validated again");
  }
}

function isSame(a: PeekUser, b: PeekUser): boolean {
  return (
    a.name === b.name && a.groups.length === b.groups.length && a.groups.every((each, at) => each === b.groups[at])
  );
}
