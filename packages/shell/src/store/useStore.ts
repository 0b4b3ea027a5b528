import type { Store } from "@peek/client";
import { useSyncExternalStore } from "react";

/** The present value of a store. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot);
}
