import { useSyncExternalStore } from "react";
import type { ConnectionState } from "../api.ts";
import { usePeek } from "./usePeek.ts";

/** The state of the client's connection. */
export function useConnection(): ConnectionState {
  const { connection } = usePeek();
  return useSyncExternalStore(connection.subscribe, connection.getSnapshot, connection.getSnapshot);
}
