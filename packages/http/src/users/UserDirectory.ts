import { statSync } from "node:fs";
import type { ServiceHome } from "@peek/config";
import { messageOf, PeekError, toError } from "@peek/errors";
import { Semaphore } from "@peek/kit";
import type { PrivateListFile } from "@peek/kit/private-list-file";
import type { Logger, PeekUser } from "@peek/plugin-base";
import { verifyPassword } from "./passwordHash.ts";
import { maxPasswordLength } from "./passwordRules.ts";
import { type UserEntry, userKey } from "./UserEntry.ts";
import { openUsersFile } from "./usersFile.ts";

/** A hash takes 19 MiB and a core. */
const maxConcurrentHashes = 2;
const maxWaitingHashes = 50;

/** The result of a password check. `busy`: too many checks at a time. */
export type PasswordCheck =
  | { readonly ok: true; readonly user: PeekUser; readonly generation: string }
  | { readonly ok: false; readonly reason: "refused" | "busy" };

/** The options of {@link UserDirectory}. */
export interface UserDirectoryOptions {
  /** The home of logic. */
  readonly home: ServiceHome;
  readonly logger: Logger;
  /** How old the cached users may be. Default: 250. */
  readonly cacheMs?: number;
}

/**
 * Looks users up and checks their passwords, by a cache of the file of users. It notices changes by other processes. While the file is
 * damaged, it knows no user; while the file is unreadable, it keeps the cached users.
 */
export class UserDirectory {
  readonly #file: PrivateListFile<UserEntry>;
  readonly #logger: Logger;
  readonly #cacheMs: number;
  readonly #checks = new Semaphore(maxConcurrentHashes, maxWaitingHashes);
  /** A separate queue: users on known devices do not wait behind strangers. */
  readonly #knownDeviceChecks = new Semaphore(maxConcurrentHashes, maxWaitingHashes);
  #byName: ReadonlyMap<string, UserEntry> = new Map();
  #byId: ReadonlyMap<string, UserEntry> = new Map();
  #version: string | undefined;
  #refreshedAt = -Infinity;
  #loggedMessage: string | undefined;

  /** Reads nothing yet. */
  constructor({ home, logger, cacheMs = 250 }: UserDirectoryOptions) {
    this.#file = openUsersFile(home);
    this.#logger = logger;
    this.#cacheMs = cacheMs;
  }

  /**
   * Resolves a name.
   *
   * @returns The user's id, undefined for an unknown name; and the key for counting logins with this name. The key changes with the
   *   password, so that counting starts over.
   */
  subject(name: string): { readonly id: string | undefined; readonly key: string } {
    const entry = this.#find(name);
    const key = userKey(name).slice(0, 200);
    return entry === undefined ? { id: undefined, key } : { id: entry.id, key: `${key} ${entry.hash}` };
  }

  /**
   * Checks a password. It takes the same time for unknown names.
   *
   * @param isKnownDevice Whether the user has logged in on the device before. Default: false.
   */
  async verify(name: string, password: string, isKnownDevice = false): Promise<PasswordCheck> {
    const isPossible = password.length <= maxPasswordLength;
    const hash = this.#find(name)?.hash;
    const checks = isKnownDevice ? this.#knownDeviceChecks : this.#checks;
    const isSame = await checks.tryRun(() => verifyPassword(isPossible ? password : "", hash));
    if (isSame === undefined) return { ok: false, reason: "busy" };
    // The user may have been disabled, or have got another password, meanwhile.
    const entry = this.#find(name);
    const isGood = isSame && isPossible && entry !== undefined && entry.disabled !== true && entry.hash === hash;
    if (!isGood) return { ok: false, reason: "refused" };
    return { ok: true, user: userOf(entry), generation: entry.generation };
  }

  /** The user of a session from a generation; undefined when the session is not valid any more. */
  userOfGeneration(id: string, generation: string): PeekUser | undefined {
    this.#refresh();
    const entry = this.#byId.get(id);
    const isGood = entry !== undefined && entry.disabled !== true && entry.generation === generation;
    return isGood ? userOf(entry) : undefined;
  }

  #find(name: string): UserEntry | undefined {
    this.#refresh();
    return this.#byName.get(userKey(name));
  }

  #refresh(): void {
    const now = performance.now();
    if (now - this.#refreshedAt < this.#cacheMs) return;
    this.#refreshedAt = now;
    // Read before the file: a change in between is noticed the next time.
    const version = versionOf(this.#file.path);
    if (version === this.#version) return;
    try {
      this.#cache(this.#file.read());
      this.#version = version;
      this.#loggedMessage = undefined;
    } catch (error) {
      this.#failed(error, version);
    }
  }

  #cache(users: readonly UserEntry[]): void {
    this.#byName = new Map(users.map((entry) => [userKey(entry.name), entry]));
    this.#byId = new Map(users.map((entry) => [entry.id, entry]));
  }

  #failed(error: unknown, version: string): void {
    // An error of the operating system may pass.
    const isDamaged = PeekError.is(error) && !isSystemError(error.cause);
    if (isDamaged) {
      this.#cache([]);
      this.#version = version;
    }
    const message = messageOf(error);
    if (message === this.#loggedMessage) return;
    this.#loggedMessage = message;
    this.#logger.error({ err: toError(error) }, "%s", message);
  }
}

function userOf({ id, name, groups }: UserEntry): PeekUser {
  return { id, name, groups, anonymous: false };
}

function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && "syscall" in cause;
}

function versionOf(file: string): string {
  try {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? "missing" : `${stat.ino} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.size}`;
  } catch (error) {
    return messageOf(error);
  }
}
