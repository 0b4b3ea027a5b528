import type { PeekUser } from "@peek/plugin-base";
import type { SiteRequest } from "../site/SiteRequest.ts";

/** Who makes a request, or has a connection. */
export interface SiteSession {
  readonly user: PeekUser;
  /** Of the browser: the same for all its logins. */
  readonly device: string;
  /** What proves the session to logic: the hash of its id, or `device:<id>` where nobody has logged in. Not for plugins. */
  readonly proof: string;
  /**
   * Fires when the user has logged out or may not use the service any more, by a PeekError `SESSION_ENDED`; or is another now in
   * name or groups, by `SESSION_CHANGED`: then, the same cookie is good for who the user is now.
   */
  readonly ended: AbortSignal;
}

/** Whether a request is let in. */
export type SessionVerdict =
  | {
      readonly ok: true;
      readonly session: SiteSession;
      /** What the browser is to keep: values of Set-Cookie. */
      readonly cookies: readonly string[];
    }
  /** `login`: nobody has logged in; `forbidden`: who has may not come in here; `unavailable`: it cannot be found out now. */
  | { readonly ok: false; readonly reason: "login" | "forbidden" | "unavailable" };

/** What somebody logs in with. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
  /** Of the browser. */
  readonly device: string;
  /** Where the browser is. */
  readonly address: string;
  /** What the browser was given at logins before, as {@link LoginOutcome} says. */
  readonly known: readonly string[];
  /** Whether the browser runs on the machine of the service. */
  readonly isOwnMachine: boolean;
}

/** What came of a login. */
export type LoginOutcome =
  | {
      readonly ok: true;
      /** The session's id, which is as good as the password: for the browser's cookie alone. */
      readonly session: string;
      readonly user: PeekUser;
      /** What the browser is to come with when the user logs in again: it is known by it, and by nothing else is let in. */
      readonly known: string;
    }
  /** `busy`: too many log in at a time; `unavailable`: nobody can be asked now. */
  | { readonly ok: false; readonly reason: "refused" | "busy" | "unavailable" };

/** Where users log in and out. */
export interface LoginDesk {
  logIn(credentials: Credentials): Promise<LoginOutcome>;
  /** Ends a session; does nothing when there is none. */
  logOut(session: string): Promise<void>;
}

/** Tells who makes a request. Another may be put in its place, for users that are known elsewhere. */
export interface SessionProvider {
  authenticate(request: SiteRequest): Promise<SessionVerdict>;
  /** Follows a session until what is returned is disposed: without a request, {@link SiteSession.ended} fires only then. */
  hold(session: SiteSession): Disposable;
  /** Where users log in at `/peek/login`. Default: nowhere. */
  readonly desk?: LoginDesk;
}
