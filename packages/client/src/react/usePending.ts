import { useSyncExternalStore } from "react";
import type { PendingAction } from "../api.ts";
import { usePeek } from "./usePeek.ts";

/** The unconfirmed actions; the oldest first. */
export function usePending(): readonly PendingAction[] {
  const { pending } = usePeek();
  return useSyncExternalStore(pending.subscribe, pending.getSnapshot, pending.getSnapshot);
}
