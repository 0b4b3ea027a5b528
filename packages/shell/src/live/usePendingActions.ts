import type { PendingAction } from "@peek/client";
import { useApp } from "../AppServices.ts";
import { useStore } from "../store/useStore.ts";
import { Value } from "../store/Value.ts";

const none = new Value<readonly PendingAction[]>([]);

/** The unconfirmed actions of this device; the oldest first. */
export function usePendingActions(): readonly PendingAction[] {
  const { client } = useApp();
  return useStore<readonly PendingAction[]>(client()?.pending ?? none);
}
