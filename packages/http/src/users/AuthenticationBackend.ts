import type { PeekUser } from "@peek/plugin-base";
import type { Credentials, LoginResult } from "../sessions/SessionProvider.ts";

/** The user and the device of a valid session. */
export interface ValidSession {
  readonly user: PeekUser;
  readonly device: string;
}

/** Authenticates the users of one site: on logic directly, on field and office by calls to logic. */
export interface AuthenticationBackend {
  /** @throws PeekError when logic cannot be reached. */
  login(credentials: Credentials): Promise<LoginResult>;
  /**
   * Validates sessions, and prolongs them. Returns null for each one that has ended or belongs to another site.
   *
   * @param hashes The hashes of the sessions' ids: see `hashOfSession`.
   * @throws PeekError when logic cannot be reached.
   */
  validate(hashes: readonly string[]): Promise<readonly (ValidSession | null)[]>;
  /** @throws PeekError when logic cannot be reached. */
  logout(hash: string): Promise<void>;
}
