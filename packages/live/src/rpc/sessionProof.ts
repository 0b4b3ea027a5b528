import { z } from "zod";

/**
 * Proves to logic in which session a gateway asks, without naming a user: the hash of the session's id, or `device:<id>` of a browser
 * that is not logged in.
 */
export const sessionProof: z.ZodString = z.string().min(1).max(200);
