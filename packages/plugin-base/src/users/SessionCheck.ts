import type { PeerIdentity } from "../vortex/Peer.ts";
import type { PeekUser } from "./PeekUser.ts";

/** The holder of a session. */
export interface SessionHolder {
  readonly user: PeekUser;
  /** The device of the browser: the same for all its logins. */
  readonly device: string;
}

/**
 * Checks on logic on whose behalf another service acts. The service does not name the user: it presents the proof of a session
 * that logic created, which it got from a browser. `SESSION_ENDED`: the session does not exist, or belongs to another kind of
 * site. `FORBIDDEN`: the browser is anonymous, and logic does not allow the site to have anonymous browsers.
 *
 * @param proof The hash of the session's id; `device:<id>` for an anonymous browser.
 */
export type SessionCheck = (
  proof: string,
  from: PeerIdentity,
) =>
  | ({ readonly ok: true } & SessionHolder)
  | { readonly ok: false; readonly code: "SESSION_ENDED" | "FORBIDDEN"; readonly message: string };
