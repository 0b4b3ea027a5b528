import { PeekError } from "@peek/errors";
import type { z } from "zod";
import type { ActionType } from "./ActionType.ts";
import { checkData } from "./checkData.ts";

/**
 * Checks an action that was pushed some time ago, perhaps with an earlier version of its type: one that does not fit the type is
 * upgraded.
 *
 * @param what The name of the action in the message.
 * @throws PeekError `DATA_INVALID` when the action fits neither by itself nor upgraded; `CONTRACT_INVALID` as {@link checkData}.
 */
export function readAction<T>(
  { schema, upgrade }: { readonly schema: z.ZodType<T>; readonly upgrade?: ActionType<T, unknown>["upgrade"] },
  action: unknown,
  what: string,
): T {
  try {
    return checkData(schema, action, what);
  } catch (error) {
    if (upgrade === undefined || !PeekError.is(error) || error.code !== "DATA_INVALID") throw error;
    try {
      return checkData(schema, upgrade(action), what);
    } catch {
      // Its mistakes are those of a value that nobody has pushed.
      throw error;
    }
  }
}
