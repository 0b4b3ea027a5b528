import type { PeerIdentity } from "../vortex/Peer.ts";
import type { PeekUser } from "./PeekUser.ts";

/** Who is behind a session, as logic itself knows it. */
export interface SessionHolder {
  readonly user: PeekUser;
  /** Of the browser: the same for all its logins. */
  readonly device: string;
}

/**
 * Tells logic on whose behalf another service acts. The service names nobody: it shows what proves a session, which it has from
 * a browser, and which logic has made. `SESSION_ENDED`: there is no such session, or it is another kind of site's. `FORBIDDEN`:
 * nobody is known there, and logic does not let the site have browsers without a login.
 *
 * @param proof The hash of the session's id; `device:<id>` where nobody has logged in.
 */
export type SessionCheck = (
  proof: string,
  from: PeerIdentity,
) =>
  | ({ readonly ok: true } & SessionHolder)
  | { readonly ok: false; readonly code: "SESSION_ENDED" | "FORBIDDEN"; readonly message: string };
