import type { Position } from "../wire/Position.ts";

/** A position as a text that no other has. */
export function positionKey({ epoch, offset }: Position): string {
  return `${offset} ${epoch}`;
}
