import { type SelectorValues, TupleSelector, type TupleType } from "@peek/plugin-base/contracts";
import { useMemo, useSyncExternalStore } from "react";
import type { ObservableState, SubscribeOptions } from "../api.ts";
import { LazySubscription } from "./LazySubscription.ts";
import { usePeek } from "./usePeek.ts";

/**
 * Subscribes to an observable while the component is mounted. Equal selectors need not be the same object.
 *
 * @param selector Default: `{}`.
 * @param options As for `subscribe`.
 * @throws PeekError As `subscribe`.
 */
export function useObservable<T>(
  type: TupleType<T>,
  selector: SelectorValues = {},
  { keep = true }: SubscribeOptions = {},
): ObservableState<T> {
  const client = usePeek();
  const canonical = new TupleSelector(type.name, selector).canonical();
  const lazy = useMemo(() => {
    const values = TupleSelector.parse(canonical).selector;
    return new LazySubscription(client.stateOf(type, values), () => client.subscribe(type, values, { keep }));
  }, [client, type, canonical, keep]);
  return useSyncExternalStore(lazy.subscribe, lazy.getSnapshot, lazy.getSnapshot);
}
