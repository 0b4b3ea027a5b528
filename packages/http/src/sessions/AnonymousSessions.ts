import type { PeekUser } from "@peek/plugin-base";
import type { SiteRequest } from "../site/SiteRequest.ts";
import { deviceOf } from "./cookies.ts";
import type { SessionProvider, SessionVerdict } from "./SessionProvider.ts";

/** Lets everybody in, each known by the device alone. */
export class AnonymousSessions implements SessionProvider {
  authenticate(request: SiteRequest): Promise<SessionVerdict> {
    const { device, cookies } = deviceOf(request);
    const user = anonymousUser(device);
    // One for each: who listens to it is forgotten with it.
    const ended = new AbortController().signal;
    return Promise.resolve({ ok: true, session: { user, device, proof: user.id, ended }, cookies });
  }

  hold(): Disposable {
    return { [Symbol.dispose]: () => {} };
  }
}

/** Who uses a device where nobody logs in. */
export function anonymousUser(device: string): PeekUser {
  return { id: `device:${device}`, name: "anonymous", groups: [], anonymous: true };
}
