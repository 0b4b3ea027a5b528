import { isIP } from "node:net";
import type { Logger } from "@peek/plugin-base";
import type { Credentials, LoginResult } from "../sessions/SessionProvider.ts";
import { RequestFailureLog } from "../site/RequestFailureLog.ts";
import type { SiteName } from "../site/SiteName.ts";
import type { AuthenticationBackend, ValidSession } from "./AuthenticationBackend.ts";
import type { KnownDevices } from "./KnownDevices.ts";
import { LoginRateLimits } from "./LoginRateLimits.ts";
import type { SessionStore } from "./SessionStore.ts";
import type { UserDirectory } from "./UserDirectory.ts";

/** The options of {@link UserAuthenticator}. */
export interface UserAuthenticatorOptions {
  readonly users: UserDirectory;
  readonly sessions: SessionStore;
  readonly devices: KnownDevices;
  readonly logger: Logger;
}

/** Logs users in and out on logic, and validates their sessions, for all sites. */
export class UserAuthenticator {
  readonly #options: UserAuthenticatorOptions;
  readonly #limits = new LoginRateLimits();
  readonly #refusals: RequestFailureLog;

  constructor(options: UserAuthenticatorOptions) {
    this.#options = options;
    this.#refusals = new RequestFailureLog(options.logger);
  }

  /**
   * The backend of one site, which has access to the sessions of that site only.
   *
   * @param by The calling service, for the log. Default: logic itself.
   */
  backendFor(site: SiteName, by?: string): AuthenticationBackend {
    return {
      login: (credentials) => this.#login(site, credentials, by),
      validate: (hashes) => Promise.resolve(hashes.map((hash) => this.find(site, hash) ?? null)),
      logout: (hash) => Promise.resolve(this.#options.sessions.end(hash, site)),
    };
  }

  /** Finds a session of a site by the hash of its id; undefined when it has ended. */
  find(site: SiteName, hash: string): ValidSession | undefined {
    const { users, sessions } = this.#options;
    const entry = sessions.find(hash, site);
    if (entry === undefined) return undefined;
    const user = users.userOfGeneration(entry.user, entry.generation);
    return user === undefined ? undefined : { user, device: entry.device };
  }

  async #login(site: SiteName, credentials: Credentials, by: string | undefined): Promise<LoginResult> {
    const { users, sessions, devices, logger } = this.#options;
    const { name, password, device, deviceTokens } = credentials;
    const { id, key } = users.subject(name);
    const known = id === undefined ? undefined : devices.find(id, deviceTokens);
    // Logic cannot verify the claim of another service about the browser.
    const isLocal = credentials.isLocal && by === undefined;
    const address = isIP(credentials.address) === 0 ? "an unknown address" : credentials.address;
    const from = by === undefined ? address : `${address} (reported by ${by})`;
    const attempt = this.#limits.count({ site, address, name: key, knownDevice: known?.key, isLocal });
    if (attempt === undefined) return this.#refused(from, "too many attempts");
    const check = await users.verify(name, password, known !== undefined || isLocal);
    if (!check.ok && check.reason === "refused") return this.#refused(from, "the name or the password is wrong");
    attempt.succeeded();
    if (!check.ok) return { ok: false, reason: "busy" };
    const { user, generation } = check;
    const session = await sessions.create({ user: user.id, generation, device, audience: site });
    logger.info("%s has logged in from %s", user.name, from);
    return { ok: true, session, user, deviceToken: known?.token ?? devices.mark(user.id) };
  }

  /** Logs no name: people type their password into the wrong field. */
  #refused(from: string, why: string): LoginResult {
    this.#refusals.log({ address: from }, "A login from %s was refused: %s", from, why);
    return { ok: false, reason: "refused" };
  }
}
