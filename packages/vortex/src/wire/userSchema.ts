import type { PeekUser } from "@peek/plugin-base";
import { z } from "zod";

/** A user as one service tells another. */
export const userSchema: z.ZodType<PeekUser, PeekUser> = z.object({
  id: z.string().min(1).max(200),
  name: z.string().max(200),
  groups: z.array(z.string().max(200)).max(1000).readonly(),
  anonymous: z.boolean(),
});
