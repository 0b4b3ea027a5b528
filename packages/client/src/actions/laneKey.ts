import type { ActionRecord } from "../storage/StorageBackend.ts";

/** The key of an action's lane among the lanes of all users. */
export function laneKey({ client, lane }: Pick<ActionRecord, "client" | "lane">): string {
  return `${client}/${lane}`;
}
