import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import type { ServiceHome } from "@peek/config";
import { describeValue, messageOf, PeekError, toError } from "@peek/errors";
import { Semaphore } from "@peek/kit";
import type { Logger, PeekUser } from "@peek/plugin-base";
import { hashPassword, isPassword } from "./passwordHash.ts";
import { type UserEntry, userKey, userNameSchema } from "./UserEntry.ts";
import { editUsers, readUsers, usersFile } from "./usersFile.ts";

const minPassword = 8;
const maxPassword = 1000;
const maxGroups = 50;
/** A hash takes 19 MiB and a core. */
const maxConcurrentHashes = 2;
const maxWaitingHashes = 50;
/** How old what is known of the file may be; milliseconds. */
const freshMs = 250;

/** What is told of a user; nothing of the password. */
export interface ListedUser {
  /** What all that is the user's hangs on; never given to another. */
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** When it was made; ISO 8601, UTC. */
  readonly made: string;
  readonly state: "enabled" | "disabled";
}

/** Whether somebody is who he says; `busy`: too many ask at a time. */
export type UserVerdict =
  | { readonly ok: true; readonly user: PeekUser; readonly generation: string }
  | { readonly ok: false; readonly reason: "refused" | "busy" };

/**
 * The users of Peek's own, in logic's home. Any process may change the file: all take turns, and one that asks sees it
 * within a moment. While the file is damaged nobody is known; while the system does not let it be read, who was known is.
 */
export class UserStore {
  readonly #home: ServiceHome;
  readonly #logger: Logger | undefined;
  readonly #queue = new Semaphore(maxConcurrentHashes, maxWaitingHashes);
  /** Who is known has not to wait until many strangers have been looked at. */
  readonly #knownQueue = new Semaphore(maxConcurrentHashes, maxWaitingHashes);
  #byName: ReadonlyMap<string, UserEntry> = new Map();
  #byId: ReadonlyMap<string, UserEntry> = new Map();
  #version: string | undefined;
  #lookedAt = -Infinity;
  #toldTrouble: string | undefined;

  /**
   * Reads nothing yet.
   *
   * @param home Of logic.
   * @param logger Told when the file cannot be used. Default: nobody is.
   */
  constructor(home: ServiceHome, logger?: Logger) {
    this.#home = home;
    this.#logger = logger;
  }

  /**
   * Makes a user.
   *
   * @throws PeekError `USER_INVALID`, `USER_EXISTS`, `USERS_UNUSABLE`, `HOME_UNUSABLE`
   */
  async add(name: string, password: string, groups: readonly string[] = []): Promise<void> {
    this.requireAbsent(name);
    const own = checkGroups(groups);
    checkPassword(password);
    const hash = await hashPassword(password);
    const made = new Date().toISOString();
    // Never an id that was given before: whoever had the name may have left behind what is to be read by nobody else.
    const entry = { id: randomUUID(), name, groups: own, hash, generation: randomUUID(), made };
    this.#edit((users) => {
      refuseTaken(name, users);
      return [...users, entry];
    });
  }

  /**
   * Sees that a name can be that of a new user.
   *
   * @throws PeekError `USER_INVALID`, `USER_EXISTS`, `USERS_UNUSABLE`
   */
  requireAbsent(name: string): void {
    checkName("user", name);
    refuseTaken(name, readUsers(this.#home));
  }

  /**
   * Finds a user's name as it was given when it was made.
   *
   * @throws PeekError `USER_UNKNOWN`, `USERS_UNUSABLE`
   */
  requirePresent(name: string): string {
    const entry = readUsers(this.#home).find((each) => userKey(each.name) === userKey(name));
    if (entry === undefined) throw this.#unknown(name);
    return entry.name;
  }

  /**
   * Gives a user another password, and ends the sessions.
   *
   * @throws PeekError `USER_INVALID`, `USER_UNKNOWN`, `USERS_UNUSABLE`
   */
  async setPassword(name: string, password: string): Promise<void> {
    checkPassword(password);
    this.requirePresent(name);
    const hash = await hashPassword(password);
    this.#change(name, (entry) => ({ ...entry, hash, generation: randomUUID() }));
  }

  /**
   * Gives a user another name. Whatever is the user's stays so, and sessions go on.
   *
   * @throws PeekError `USER_INVALID`, `USER_UNKNOWN`, `USER_EXISTS`, `USERS_UNUSABLE`
   */
  rename(name: string, next: string): void {
    checkName("user", next);
    this.requirePresent(name);
    this.#edit((users) => {
      const own = users.find((each) => userKey(each.name) === userKey(name));
      if (own === undefined) throw this.#unknown(name);
      refuseTaken(
        next,
        users.filter((each) => each !== own),
      );
      return users.map((each) => (each === own ? { ...each, name: next } : each));
    });
  }

  /**
   * Says what groups a user is in. Sessions go on; whoever has one is known by the new groups within seconds.
   *
   * @returns Each of them once.
   * @throws PeekError `USER_INVALID`, `USER_UNKNOWN`, `USERS_UNUSABLE`
   */
  setGroups(name: string, groups: readonly string[]): readonly string[] {
    const own = checkGroups(groups);
    this.#change(name, (entry) => ({ ...entry, groups: own }));
    return own;
  }

  /**
   * Lets a user log in no more, and ends the sessions; or lets it again.
   *
   * @throws PeekError `USER_UNKNOWN`, `USERS_UNUSABLE`
   */
  setEnabled(name: string, isEnabled: boolean): void {
    this.#change(name, ({ disabled, ...rest }) => {
      if (isEnabled) return rest;
      return { ...rest, disabled: true, ...(disabled === undefined && { generation: randomUUID() }) };
    });
  }

  /**
   * Forgets a user, and ends the sessions. Whoever is given the name later is somebody else.
   *
   * @throws PeekError `USER_UNKNOWN`, `USERS_UNUSABLE`
   */
  remove(name: string): void {
    this.requirePresent(name);
    this.#edit((users) => users.filter((each) => userKey(each.name) !== userKey(name)));
  }

  /**
   * All users, in the order in which they were made; read anew.
   *
   * @throws PeekError `USERS_UNUSABLE`
   */
  list(): readonly ListedUser[] {
    return readUsers(this.#home).map(({ id, name, groups, made, disabled }) => ({
      id,
      name,
      groups,
      made,
      state: disabled === true ? "disabled" : "enabled",
    }));
  }

  /**
   * Whom a name means.
   *
   * @returns The id, undefined when it is nobody's; and by what attempts to log in by the name are counted: another after each
   *   change of the password, with which they are counted anew.
   */
  subject(name: string): { readonly id: string | undefined; readonly key: string } {
    const entry = this.#find(name);
    const key = userKey(name).slice(0, 200);
    return entry === undefined ? { id: undefined, key } : { id: entry.id, key: `${key} ${entry.hash}` };
  }

  /**
   * Whether a name and a password belong together. It takes as long for names that there are as for others.
   *
   * @param isKnown Whether the device is one on which the user has logged in before. Default: it is a stranger's.
   */
  async verify(name: string, password: string, isKnown = false): Promise<UserVerdict> {
    // What is longer is nobody's, and too much work.
    const isPossible = password.length <= maxPassword;
    const hash = this.#find(name)?.hash;
    const queue = isKnown ? this.#knownQueue : this.#queue;
    const isSame = await queue.tryRun(() => isPassword(isPossible ? password : "", hash));
    if (isSame === undefined) return { ok: false, reason: "busy" };
    // It may have been disabled meanwhile, or have another password.
    const entry = this.#find(name);
    const isGood = isSame && isPossible && entry !== undefined && entry.disabled !== true && entry.hash === hash;
    if (!isGood) return { ok: false, reason: "refused" };
    return { ok: true, user: userOf(entry), generation: entry.generation };
  }

  /** A user whose session was made in a generation; undefined when the session is good no more. */
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

  #change(name: string, change: (entry: UserEntry) => UserEntry): void {
    this.requirePresent(name);
    this.#edit((users) => {
      if (!users.some((each) => userKey(each.name) === userKey(name))) throw this.#unknown(name);
      return users.map((each) => (userKey(each.name) === userKey(name) ? change(each) : each));
    });
  }

  #edit(edit: (users: readonly UserEntry[]) => readonly UserEntry[]): void {
    editUsers(this.#home, edit);
    this.#lookedAt = -Infinity;
  }

  #refresh(): void {
    const now = performance.now();
    if (now - this.#lookedAt < freshMs) return;
    this.#lookedAt = now;
    // Asked for before the file is read: a change in between is seen the next time.
    const version = versionOf(usersFile(this.#home));
    if (version === this.#version) return;
    try {
      this.#know(readUsers(this.#home));
      this.#version = version;
      this.#toldTrouble = undefined;
    } catch (error) {
      this.#failed(error, version);
    }
  }

  #know(users: readonly UserEntry[]): void {
    this.#byName = new Map(users.map((entry) => [userKey(entry.name), entry]));
    this.#byId = new Map(users.map((entry) => [entry.id, entry]));
  }

  #failed(error: unknown, version: string): void {
    // What the system does not let be read may be readable again.
    const isDamaged = PeekError.is(error) && !isOfTheSystem(error.cause);
    if (isDamaged) {
      this.#know([]);
      this.#version = version;
    }
    const message = messageOf(error);
    if (message === this.#toldTrouble) return;
    this.#toldTrouble = message;
    this.#logger?.error({ err: toError(error) }, "%s", message);
  }

  #unknown(name: string): PeekError {
    return new PeekError(
      "USER_UNKNOWN",
      `There is no user ${describeValue(name)} in ${usersFile(this.#home)}. See peek user list.`,
    );
  }
}

function checkPassword(password: string): void {
  const characters = Array.from(password.normalize("NFC")).length;
  if (characters === 0) throw invalid(`There is no password. One has at least ${minPassword} characters.`);
  if (characters < minPassword) throw invalid(`A password has at least ${minPassword} characters.`);
  if (password.length > maxPassword) throw invalid(`A password has at most ${maxPassword} characters.`);
}

function checkName(what: string, name: string): void {
  if (userNameSchema.safeParse(name).success) return;
  throw invalid(`${describeValue(name)} is no name of a ${what}: it has 1 to 100 letters, digits, and . _ @ -`);
}

function checkGroups(groups: readonly string[]): readonly string[] {
  for (const group of groups) checkName("group", group);
  const own = [...new Set(groups)];
  if (own.length > maxGroups) throw invalid(`A user is in at most ${maxGroups} groups.`);
  return own;
}

function refuseTaken(name: string, users: readonly UserEntry[]): void {
  const taken = users.find((each) => userKey(each.name) === userKey(name));
  if (taken === undefined) return;
  throw new PeekError(
    "USER_EXISTS",
    `There is a user ${taken.name} already. Take another name, or see peek user passwd.`,
  );
}

function userOf({ id, name, groups }: UserEntry): PeekUser {
  return { id, name, groups, anonymous: false };
}

function invalid(message: string): PeekError {
  return new PeekError("USER_INVALID", message);
}

function isOfTheSystem(cause: unknown): boolean {
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
