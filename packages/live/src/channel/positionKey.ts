import type { Position } from "@peek/live-protocol";

/** A position as a text that no other has. */
export function positionKey({ epoch, offset }: Position): string {
  return `${offset} ${epoch}`;
}
