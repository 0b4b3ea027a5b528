import { z } from "zod";
import { passwordHashPattern } from "./passwordHash.ts";

const namePattern = /^[A-Za-z0-9._@-]{1,100}$/;
const maxUsers = 3000;
const maxGroups = 50;

/** What a user's name and a group's are: 1 to 100 letters, digits and `._@-`. */
export const userNameSchema: z.ZodString = z
  .string()
  .regex(namePattern, { error: "1 to 100 letters, digits, and . _ @ -" });

// Strict: a key of a newer version may limit what the user may do.
const userEntrySchema = z.strictObject({
  /** What all that is the user's hangs on; never given to another. A UUID; of users from before there were any, their name. */
  id: userNameSchema,
  name: userNameSchema,
  groups: z.array(userNameSchema).max(maxGroups).readonly(),
  /** Of the password; argon2id. */
  hash: z.string().max(300).regex(passwordHashPattern, { error: "a hash as peek user passwd makes it" }),
  /** Another after each change that ends the sessions that there are. */
  generation: z.uuid(),
  /** When it was made. */
  made: z.iso.datetime(),
  /** Whether it may not log in. Default: it may. */
  disabled: z.literal(true).optional(),
});

/** What is kept of a user. */
export type UserEntry = z.infer<typeof userEntrySchema>;

/** The content of users.json. */
export const usersSchema = z.strictObject({
  version: z.literal(2),
  users: z
    .array(userEntrySchema)
    .max(maxUsers)
    .refine((all) => isEachOnce(all.map(({ id }) => id)), { error: "no id twice" })
    .refine((all) => isEachOnce(all.map(({ name }) => userKey(name))), {
      error: "no name twice, whatever the case of its letters",
    }),
});

/** The content of users.json as it was before users had ids; it has no version. */
export const firstUsersSchema = z.strictObject({
  users: z
    .array(userEntrySchema.omit({ id: true }))
    .max(maxUsers)
    .refine((all) => isEachOnce(all.map(({ name }) => userKey(name))), {
      error: "no name twice, whatever the case of its letters",
    }),
});

function isEachOnce(all: readonly string[]): boolean {
  return new Set(all).size === all.length;
}

/** The same for names that differ in the case of their letters. */
export function userKey(name: string): string {
  return name.toLowerCase();
}
