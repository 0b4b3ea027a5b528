import type { PeekUser } from "@peek/plugin-base";
import type { SiteRequest } from "../site/SiteRequest.ts";

/** The session of a request or a connection. */
export interface SiteSession {
  readonly user: PeekUser;
  /** The id of the browser, which is the same for all its logins. */
  readonly device: string;
  /** Proves the session to logic: the hash of its id, or `device:<id>` for an anonymous user. Not for plugins. */
  readonly proof: string;
  /**
   * Fires with a PeekError: `SESSION_ENDED` when the user has logged out or may not use the service any more; `SESSION_CHANGED` when the
   * user's name or groups have changed. After the latter, the same cookie authenticates the changed user.
   */
  readonly ended: AbortSignal;
}

/** The result of authenticating a request. */
export type AuthenticationResult =
  | {
      readonly ok: true;
      readonly session: SiteSession;
      /** Cookies that the browser has to keep: values of Set-Cookie. */
      readonly cookies: readonly string[];
    }
  /** `login`: no user has logged in; `forbidden`: the user may not use the site; `unavailable`: logic cannot be reached now. */
  | { readonly ok: false; readonly reason: "login" | "forbidden" | "unavailable" };

/** The credentials of a login, with the facts about the browser. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
  /** The id of the browser. */
  readonly device: string;
  /** The address of the browser. */
  readonly address: string;
  /** The tokens that the browser got at earlier logins: see {@link LoginResult}. */
  readonly deviceTokens: readonly string[];
  /** Whether the browser runs on the machine of the service. */
  readonly isLocal: boolean;
}

/** The result of a login. */
export type LoginResult =
  | {
      readonly ok: true;
      /** The id of the session: a secret like the password, only for the browser's cookie. */
      readonly session: string;
      readonly user: PeekUser;
      /** Marks the browser as a known device at later logins of the user. It does not replace the password. */
      readonly deviceToken: string;
    }
  /** `busy`: too many logins at a time; `unavailable`: logic cannot be reached now. */
  | { readonly ok: false; readonly reason: "refused" | "busy" | "unavailable" };

/** Logs users in and out. */
export interface LoginHandler {
  logIn(credentials: Credentials): Promise<LoginResult>;
  /** Ends a session. Does nothing when it does not exist. */
  logOut(session: string): Promise<void>;
}

/** Authenticates requests. An implementation may use users that are managed elsewhere. */
export interface SessionProvider {
  authenticate(request: SiteRequest): Promise<AuthenticationResult>;
  /** Tracks a session until the result is disposed. Without that, {@link SiteSession.ended} fires only during a request. */
  track(session: SiteSession): Disposable;
  /** Handles logins at `/peek/login`. Default: the site has no login. */
  readonly loginHandler?: LoginHandler;
}
