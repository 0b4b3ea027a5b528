import type { ActionRecord } from "../storage/DeviceStorage.ts";

/** What actions have in common that are executed in the order of their sequence, and no others. */
export function laneOf({ client, lane }: Pick<ActionRecord, "client" | "lane">): string {
  return `${client}/${lane}`;
}
