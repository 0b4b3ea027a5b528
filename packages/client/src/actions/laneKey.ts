import type { ActionRecord } from "../storage/StorageBackend.ts";

/** What actions have in common that are executed in the order of their sequence, and no others. */
export function laneKey({ client, lane }: Pick<ActionRecord, "client" | "lane">): string {
  return `${client}/${lane}`;
}
