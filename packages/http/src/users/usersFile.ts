import type { ServiceHome } from "@peek/config";
import { PrivateListFile } from "@peek/kit/private-list-file";
import { firstUsersSchema, type UserEntry, usersSchema } from "./UserEntry.ts";

/** Opens the file of users in logic's home. Nothing is read yet. */
export function openUsersFile(home: ServiceHome): PrivateListFile<UserEntry> {
  return new PrivateListFile(home, home.usersDir, {
    name: "users.json",
    code: "USERS_UNUSABLE",
    schemaOf: (document) => (hasNoVersion(document) ? firstUsersSchema : usersSchema),
    documentOf: (users) => ({ version: 2, users }),
    damage: "Nobody can log in",
    remedy: "Remove users",
  });
}

function hasNoVersion(document: unknown): boolean {
  return typeof document === "object" && document !== null && !("version" in document);
}
