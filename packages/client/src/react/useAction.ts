import type { ActionType } from "@peek/plugin-base/contracts";
import { useCallback } from "react";
import type { PushedAction } from "../api.ts";
import { usePeek } from "./usePeek.ts";

/**
 * What pushes actions of a type; the same function for as long as the client, the type and the lane are the same. It throws
 * what `push` throws.
 *
 * @param options As for `push`.
 */
export function useAction<T, Input, Result>(
  type: ActionType<T, Input, Result, unknown>,
  { lane }: { readonly lane?: string } = {},
): (action: Input) => Promise<PushedAction<Result>> {
  const client = usePeek();
  return useCallback(
    (action: Input) => client.push(type, action, lane === undefined ? {} : { lane }),
    [client, type, lane],
  );
}
