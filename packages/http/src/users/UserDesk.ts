import type { Logger } from "@peek/plugin-base";
import type { Credentials, LoginOutcome } from "../sessions/SessionProvider.ts";
import { FailureLog } from "../site/FailureLog.ts";
import { LoginThrottle, type ThrottleRate } from "./LoginThrottle.ts";
import { networkOf } from "./networkOf.ts";
import type { SessionStore } from "./SessionStore.ts";
import { userKey } from "./UserEntry.ts";
import type { KnownSession, UserSource } from "./UserSource.ts";
import type { UserStore } from "./UserStore.ts";

/** From one network. */
const ratePerName: ThrottleRate = { burst: 10, refillMs: 30_000 };
/** From all together: so few would let anybody keep a user out. */
const ratePerNameOfAll: ThrottleRate = { burst: 100, refillMs: 3000 };
/** Behind one address may be all of a plant. */
const ratePerAddress: ThrottleRate = { burst: 50, refillMs: 3000 };

/** What a {@link UserDesk} works with. */
export interface UserDeskOptions {
  readonly users: UserStore;
  readonly sessions: SessionStore;
  readonly logger: Logger;
}

/** Where users log in and out on logic, whichever site they use. */
export class UserDesk implements UserSource {
  readonly #options: UserDeskOptions;
  readonly #names = new LoginThrottle(ratePerName);
  readonly #namesOfAll = new LoginThrottle(ratePerNameOfAll);
  readonly #addresses = new LoginThrottle(ratePerAddress);
  readonly #refusals: FailureLog;

  constructor(options: UserDeskOptions) {
    this.#options = options;
    this.#refusals = new FailureLog(options.logger);
  }

  async login({ name, password, device, address }: Credentials): Promise<LoginOutcome> {
    const { users, sessions, logger } = this.#options;
    const network = networkOf(address);
    const ofAll = userKey(name).slice(0, 200);
    const key = `${network} ${ofAll}`;
    // Who is refused for one takes nothing of the next.
    if (!this.#addresses.tries(network) || !this.#names.tries(key) || !this.#namesOfAll.tries(ofAll)) {
      return this.#refused(address, "it was tried too often");
    }
    const verdict = await users.verify(name, password);
    if (!verdict.ok && verdict.reason === "refused") return this.#refused(address, "the name or the password is wrong");
    this.#addresses.succeeded(network);
    this.#names.succeeded(key);
    this.#namesOfAll.succeeded(ofAll);
    if (!verdict.ok) return { ok: false, reason: "busy" };
    const { user, generation } = verdict;
    const session = await sessions.create(user.id, generation, device);
    logger.info("%s has logged in from %s", user.name, address);
    return { ok: true, session, user };
  }

  validate(hashes: readonly string[]): Promise<readonly (KnownSession | null)[]> {
    return Promise.resolve(hashes.map((hash) => this.#known(hash)));
  }

  logout(hash: string): Promise<void> {
    this.#options.sessions.end(hash);
    return Promise.resolve();
  }

  #known(hash: string): KnownSession | null {
    const { users, sessions } = this.#options;
    const entry = sessions.find(hash);
    if (entry === undefined) return null;
    const user = users.userOfGeneration(entry.user, entry.generation);
    return user === undefined ? null : { user, device: entry.device };
  }

  /** Without the name: people type their passwords there. */
  #refused(address: string, why: string): LoginOutcome {
    this.#refusals.tell({ address }, "A login from %s was refused: %s", address, why);
    return { ok: false, reason: "refused" };
  }
}
