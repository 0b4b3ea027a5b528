import type { PeekUser } from "@peek/plugin-base";

/** The session of a connected browser. */
export interface GatewaySession {
  readonly user: PeekUser;
  /** Proves the session to logic: the hash of its id, or `device:<id>` where nobody has logged in. */
  readonly proof: string;
  /** Stable for a browser's profile; at most 200 characters. */
  readonly device: string;
  /**
   * Fires when the session was revoked, or has been logged out of: the connection is closed at once. With a PeekError
   * `SESSION_CHANGED` as its reason, the browser is asked to connect again, as its user is now.
   */
  readonly ended: AbortSignal;
}
