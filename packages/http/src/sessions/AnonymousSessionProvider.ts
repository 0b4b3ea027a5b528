import type { PeekUser } from "@peek/plugin-base";
import type { SiteRequest } from "../site/SiteRequest.ts";
import { deviceOf } from "./cookies.ts";
import type { SessionProvider, AuthenticationResult } from "./SessionProvider.ts";

/** Accepts every request as an anonymous user, who is identified by the device. */
export class AnonymousSessionProvider implements SessionProvider {
  authenticate(request: SiteRequest): Promise<AuthenticationResult> {
    const { device, cookies } = deviceOf(request);
    const user = anonymousUser(device);
    // A signal for each request: its listeners are collected with it.
    const ended = new AbortController().signal;
    return Promise.resolve({ ok: true, session: { user, device, proof: user.id, ended }, cookies });
  }

  track(): Disposable {
    return { [Symbol.dispose]: () => {} };
  }
}

/** The user of a device on a site without login. */
export function anonymousUser(device: string): PeekUser {
  return { id: `device:${device}`, name: "anonymous", groups: [], anonymous: true };
}
