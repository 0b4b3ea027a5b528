import type { Position } from "@peek/live-protocol";

/** Whether two positions are one. */
export function isSamePosition(one: Position | undefined, other: Position | undefined): boolean {
  return one?.offset === other?.offset && one?.epoch === other?.epoch;
}
