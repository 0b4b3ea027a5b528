import { isIP } from "node:net";
import type { Logger } from "@peek/plugin-base";
import type { Credentials, LoginOutcome } from "../sessions/SessionProvider.ts";
import { FailureLog } from "../site/FailureLog.ts";
import type { SiteName } from "../site/HttpSiteOptions.ts";
import type { KnownDevices } from "./KnownDevices.ts";
import { LoginBudgets } from "./LoginBudgets.ts";
import type { SessionStore } from "./SessionStore.ts";
import type { KnownSession, UserSource } from "./UserSource.ts";
import type { UserStore } from "./UserStore.ts";

/** What a {@link UserDesk} works with. */
export interface UserDeskOptions {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly devices: KnownDevices;
  readonly logger: Logger;
}

/** Where users log in and out on logic, whichever site they use. */
export class UserDesk {
  readonly #options: UserDeskOptions;
  readonly #budgets = new LoginBudgets();
  readonly #refusals: FailureLog;

  constructor(options: UserDeskOptions) {
    this.#options = options;
    this.#refusals = new FailureLog(options.logger);
  }

  /**
   * What one kind of site has of it: its own sessions, and no other's.
   *
   * @param by The service that asks, for the log. Default: this one.
   */
  at(site: SiteName, by?: string): UserSource {
    return {
      login: (credentials) => this.#login(site, credentials, by),
      validate: (hashes) => Promise.resolve(hashes.map((hash) => this.find(site, hash) ?? null)),
      logout: (hash) => Promise.resolve(this.#options.sessions.end(hash, site)),
    };
  }

  /** Whose a session of a kind of site is, by the hash of its id; undefined when it is good no more. */
  find(site: SiteName, hash: string): KnownSession | undefined {
    const { users, sessions } = this.#options;
    const entry = sessions.find(hash, site);
    if (entry === undefined) return undefined;
    const user = users.userOfGeneration(entry.user, entry.generation);
    return user === undefined ? undefined : { user, device: entry.device };
  }

  async #login(site: SiteName, credentials: Credentials, by: string | undefined): Promise<LoginOutcome> {
    const { users, sessions, devices, logger } = this.#options;
    const { name, password, device, known, isOwnMachine } = credentials;
    const { id, key } = users.subject(name);
    const mark = id === undefined ? undefined : devices.find(id, known);
    // What another service says of where a browser is, is hearsay.
    const isHere = isOwnMachine && by === undefined;
    const address = isIP(credentials.address) === 0 ? "an unknown address" : credentials.address;
    const from = by === undefined ? address : `${address} (as ${by} says)`;
    const attempt = this.#budgets.take({ site, address, name: key, knownDevice: mark?.key, isOwnMachine: isHere });
    if (attempt === undefined) return this.#refused(from, "it was tried too often");
    const verdict = await users.verify(name, password, mark !== undefined || isHere);
    if (!verdict.ok && verdict.reason === "refused") return this.#refused(from, "the name or the password is wrong");
    attempt.succeeded();
    if (!verdict.ok) return { ok: false, reason: "busy" };
    const { user, generation } = verdict;
    const session = await sessions.create({ user: user.id, generation, device, audience: site });
    logger.info("%s has logged in from %s", user.name, from);
    return { ok: true, session, user, known: mark?.token ?? devices.mark(user.id) };
  }

  /** Without the name: people type their passwords there. */
  #refused(from: string, why: string): LoginOutcome {
    this.#refusals.tell({ address: from }, "A login from %s was refused: %s", from, why);
    return { ok: false, reason: "refused" };
  }
}
