import type { ActionType } from "@peek/plugin-base/contracts";
import { useCallback, useEffect } from "react";
import type { PushedAction } from "../api.ts";
import { usePeek } from "./usePeek.ts";

/**
 * A function that pushes actions of a type and throws as `push` does; the same function for the same client, type and lane.
 *
 * @param options As for `push`.
 */
export function useAction<T, Input, Result>(
  type: ActionType<T, Input, Result, unknown>,
  { lane }: { readonly lane?: string } = {},
): (action: Input) => Promise<PushedAction<Result>> {
  const client = usePeek();
  useEffect(() => client.uses(type), [client, type]);
  return useCallback(
    (action: Input) => client.push(type, action, lane === undefined ? {} : { lane }),
    [client, type, lane],
  );
}
