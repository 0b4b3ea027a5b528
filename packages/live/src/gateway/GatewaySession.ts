import type { PeekUser } from "@peek/plugin-base";

/** On whose behalf a browser is connected. */
export interface GatewaySession {
  readonly user: PeekUser;
  /** What proves the session to logic: the hash of its id, or `device:<id>` where nobody has logged in. */
  readonly proof: string;
  /** Stable for a browser's profile; at most 200 characters. */
  readonly device: string;
  /**
   * Fires when the session was revoked, or has been logged out of: the connection is closed at once. By a PeekError
   * `SESSION_CHANGED`, its browser is asked to connect again, as who its user is now.
   */
  readonly ended: AbortSignal;
}
