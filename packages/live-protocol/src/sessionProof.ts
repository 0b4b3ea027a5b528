import { z } from "zod";

/**
 * What a field or office service shows logic for a session, instead of naming a user: the hash of the session's id, or `device:<id>`
 * where nobody has logged in.
 */
export const sessionProof: z.ZodString = z.string().min(1).max(200);
