import type { Position } from "../wire/Position.ts";

/** Whether two positions are one. */
export function isSamePosition(one: Position | undefined, other: Position | undefined): boolean {
  return one?.offset === other?.offset && one?.epoch === other?.epoch;
}
