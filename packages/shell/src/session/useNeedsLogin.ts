import type { ConnectionState } from "@peek/client";
import { useApp } from "../AppServices.ts";
import { useStore } from "../store/useStore.ts";
import { Value } from "../store/Value.ts";

const noClient = new Value<ConnectionState | undefined>(undefined);

/** Whether the session has ended, or there is none. */
export function useNeedsLogin(): boolean {
  const { catalogue, client } = useApp();
  const { status } = useStore(catalogue.state);
  const connection = useStore<ConnectionState | undefined>(client()?.connection ?? noClient);
  return status === "login" || connection?.status === "login";
}
