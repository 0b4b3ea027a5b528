import { sha256 } from "@peek/live-protocol";

/** Identifies a user without naming it. The sites compute the same. */
export function userHash(id: string): string {
  return sha256([id]).slice(0, 16);
}
