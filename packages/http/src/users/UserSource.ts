import type { PeekUser } from "@peek/plugin-base";
import type { Credentials, LoginOutcome } from "../sessions/SessionProvider.ts";

/** Whose a session is. */
export interface KnownSession {
  readonly user: PeekUser;
  readonly device: string;
}

/** Where users and sessions are kept, as one kind of site asks it: on this service, or on logic. */
export interface UserSource {
  /** @throws PeekError when it cannot be asked. */
  login(credentials: Credentials): Promise<LoginOutcome>;
  /**
   * Whose sessions are; null for each that is good no more, or is of another kind of site. That it is asked for keeps a session.
   *
   * @param hashes Of the sessions' ids: see `hashOfSession`.
   * @throws PeekError when it cannot be asked.
   */
  validate(hashes: readonly string[]): Promise<readonly (KnownSession | null)[]>;
  /** @throws PeekError when it cannot be asked. */
  logout(hash: string): Promise<void>;
}
