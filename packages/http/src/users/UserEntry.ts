import { z } from "zod";
import { passwordHashPattern } from "./passwordHash.ts";

const namePattern = /^[A-Za-z0-9._@-]{1,100}$/;
const maxUsers = 3000;
/** How many groups a user can be in. */
export const maxGroups = 50;

/** The name of a user or a group. */
export const userNameSchema: z.ZodString = z
  .string()
  .regex(namePattern, { error: "1 to 100 letters, digits, and . _ @ -" });

// Strict: an unknown key, of a newer version, could restrict the user.
const userEntrySchema = z.strictObject({
  /** Owns all data of the user, and is never reused. A UUID; for users from before there were ids, their name. */
  id: userNameSchema,
  name: userNameSchema,
  groups: z.array(userNameSchema).max(maxGroups).readonly(),
  /** The argon2id hash of the password. */
  hash: z.string().max(300).regex(passwordHashPattern, { error: "a hash as peek user passwd makes it" }),
  /** Changes with each change that ends the user's sessions. */
  generation: z.uuid(),
  /** When the user was created. */
  made: z.iso.datetime(),
  /** Whether the user cannot log in. Default: false. */
  disabled: z.literal(true).optional(),
});

/** A user in the file of users. */
export type UserEntry = z.infer<typeof userEntrySchema>;

const uniqueNames = { error: "no name twice, regardless of upper and lower case" } as const;

/** The content of users.json. */
export const usersSchema: z.ZodType<readonly UserEntry[]> = z
  .strictObject({
    version: z.literal(2),
    users: z
      .array(userEntrySchema)
      .max(maxUsers)
      .refine((all) => areUnique(all.map(({ id }) => id)), { error: "no id twice" })
      .refine((all) => areUnique(all.map(({ name }) => userKey(name))), uniqueNames),
  })
  .transform(({ users }) => users);

/**
 * The content of users.json from before users had ids; it has no version. These users keep their names as ids, since their rows, actions
 * and sessions are stored by them. Users that are created later have ids that are not names.
 */
export const firstUsersSchema: z.ZodType<readonly UserEntry[]> = z
  .strictObject({
    users: z
      .array(userEntrySchema.omit({ id: true }))
      .max(maxUsers)
      .refine((all) => areUnique(all.map(({ name }) => userKey(name))), uniqueNames),
  })
  .transform(({ users }) => users.map((entry) => ({ id: entry.name, ...entry })));

function areUnique(all: readonly string[]): boolean {
  return new Set(all).size === all.length;
}

/** Equal for names that differ only in upper and lower case. */
export function userKey(name: string): string {
  return name.toLowerCase();
}
