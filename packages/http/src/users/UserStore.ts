import { randomUUID } from "node:crypto";
import type { ServiceHome } from "@peek/config";
import { describeValue, PeekError } from "@peek/errors";
import type { PrivateListFile } from "@peek/kit/private-list-file";
import { hashPassword } from "./passwordHash.ts";
import { checkPassword } from "./passwordRules.ts";
import { maxGroups, type UserEntry, userKey, userNameSchema } from "./UserEntry.ts";
import { openUsersFile } from "./usersFile.ts";

/** A user as commands list it, without the password. */
export interface ListedUser {
  /** Owns all data of the user, and is never reused. */
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** When the user was created; ISO 8601, UTC. */
  readonly made: string;
  readonly state: "enabled" | "disabled";
}

/**
 * Peek's own users, in a file in logic's home, for their administration. Any process may change the file; a lock keeps changes apart.
 * Logic notices a change within a moment: see UserDirectory.
 */
export class UserStore {
  readonly #file: PrivateListFile<UserEntry>;

  /** @param home The home of logic. Nothing is read yet. */
  constructor(home: ServiceHome) {
    this.#file = openUsersFile(home);
  }

  /**
   * Creates a user.
   *
   * @throws PeekError `USER_INVALID`, `USER_EXISTS`, `USERS_UNUSABLE`, `HOME_UNUSABLE`
   */
  async add(name: string, password: string, groups: readonly string[] = []): Promise<void> {
    this.requireAbsent(name);
    const uniqueGroups = checkGroups(groups);
    checkPassword(password);
    const hash = await hashPassword(password);
    const made = new Date().toISOString();
    // A new id, even for a former name: another user's data must not be inherited.
    const entry = { id: randomUUID(), name, groups: uniqueGroups, hash, generation: randomUUID(), made };
    this.#file.edit((users) => {
      refuseTaken(name, users);
      return [...users, entry];
    });
  }

  /**
   * Checks that a new user can have a name.
   *
   * @throws PeekError `USER_INVALID`, `USER_EXISTS`, `USERS_UNUSABLE`
   */
  requireAbsent(name: string): void {
    checkName("user", name);
    refuseTaken(name, this.#file.read());
  }

  /**
   * Finds a user.
   *
   * @returns The user's name in its original case.
   * @throws PeekError `USER_UNKNOWN`, `USERS_UNUSABLE`
   */
  requirePresent(name: string): string {
    return this.#require(name, this.#file.read()).name;
  }

  /**
   * Changes a user's password, and ends the user's sessions.
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
   * Changes a user's name. The user's data and sessions remain.
   *
   * @throws PeekError `USER_INVALID`, `USER_UNKNOWN`, `USER_EXISTS`, `USERS_UNUSABLE`
   */
  rename(name: string, newName: string): void {
    checkName("user", newName);
    this.requirePresent(name);
    this.#file.edit((users) => {
      const renamed = this.#require(name, users);
      refuseTaken(
        newName,
        users.filter((each) => each !== renamed),
      );
      return users.map((each) => (each === renamed ? { ...each, name: newName } : each));
    });
  }

  /**
   * Sets the groups of a user. The user's sessions remain, and have the new groups within seconds.
   *
   * @returns The groups without duplicates.
   * @throws PeekError `USER_INVALID`, `USER_UNKNOWN`, `USERS_UNUSABLE`
   */
  setGroups(name: string, groups: readonly string[]): readonly string[] {
    const uniqueGroups = checkGroups(groups);
    this.#change(name, (entry) => ({ ...entry, groups: uniqueGroups }));
    return uniqueGroups;
  }

  /**
   * Disables a user, which ends the user's sessions, or enables the user again.
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
   * Removes a user, and ends the user's sessions. A later user with the same name is another user.
   *
   * @throws PeekError `USER_UNKNOWN`, `USERS_UNUSABLE`
   */
  remove(name: string): void {
    this.requirePresent(name);
    this.#file.edit((users) => users.filter((each) => userKey(each.name) !== userKey(name)));
  }

  /**
   * Lists all users in the order of their creation.
   *
   * @throws PeekError `USERS_UNUSABLE`
   */
  list(): readonly ListedUser[] {
    return this.#file.read().map(({ id, name, groups, made, disabled }) => ({
      id,
      name,
      groups,
      made,
      state: disabled === true ? "disabled" : "enabled",
    }));
  }

  #change(name: string, change: (entry: UserEntry) => UserEntry): void {
    this.requirePresent(name);
    this.#file.edit((users) => {
      const changed = this.#require(name, users);
      return users.map((each) => (each === changed ? change(each) : each));
    });
  }

  #require(name: string, users: readonly UserEntry[]): UserEntry {
    const entry = users.find((each) => userKey(each.name) === userKey(name));
    if (entry !== undefined) return entry;
    throw new PeekError(
      "USER_UNKNOWN",
      `There is no user ${describeValue(name)} in ${this.#file.path}. See peek user list.`,
    );
  }
}

function checkName(kind: "user" | "group", name: string): void {
  if (userNameSchema.safeParse(name).success) return;
  throw invalid(`${describeValue(name)} is not a valid name of a ${kind}: use 1 to 100 letters, digits, and . _ @ -`);
}

function checkGroups(groups: readonly string[]): readonly string[] {
  for (const group of groups) checkName("group", group);
  const uniqueGroups = [...new Set(groups)];
  if (uniqueGroups.length > maxGroups) throw invalid(`A user can be in at most ${maxGroups} groups.`);
  return uniqueGroups;
}

function refuseTaken(name: string, users: readonly UserEntry[]): void {
  const taken = users.find((each) => userKey(each.name) === userKey(name));
  if (taken === undefined) return;
  throw new PeekError(
    "USER_EXISTS",
    `There is a user ${taken.name} already. Choose another name, or see peek user passwd.`,
  );
}

function invalid(message: string): PeekError {
  return new PeekError("USER_INVALID", message);
}
