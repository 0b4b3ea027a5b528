import type { PeekUser } from "@peek/plugin-base";
import type { AuthenticationResult, SessionProvider, SiteSession } from "../../src/index.ts";
import type { SiteRequest } from "../../src/site/SiteRequest.ts";

/** Sessions of users whom the header `x-user` names, with the groups in `x-groups`. A request without a name needs a login. */
export class HeaderSessions implements SessionProvider {
  readonly loginHandler = {
    logIn: () => Promise.resolve({ ok: false, reason: "refused" } as const),
    logOut: () => Promise.resolve(),
  };
  readonly #ended = new Map<string, AbortController>();
  /** How many sessions are tracked. */
  tracked = 0;

  authenticate({ headers }: SiteRequest): Promise<AuthenticationResult> {
    const name = headers["x-user"];
    if (typeof name !== "string") return Promise.resolve({ ok: false, reason: "login" });
    const groups = String(headers["x-groups"] ?? "")
      .split(",")
      .filter((group) => group !== "");
    const user: PeekUser = { id: name, name, groups, anonymous: false };
    const controller = this.#ended.get(name) ?? new AbortController();
    this.#ended.set(name, controller);
    const session: SiteSession = { user, device: name, proof: name, ended: controller.signal };
    return Promise.resolve({ ok: true, session, cookies: [] });
  }

  track(): Disposable {
    this.tracked += 1;
    return { [Symbol.dispose]: () => void (this.tracked -= 1) };
  }

  /** Ends the sessions of a user. */
  end(name: string, reason: unknown): void {
    this.#ended.get(name)?.abort(reason);
    this.#ended.delete(name);
  }
}
