import type { Staleness } from "@peek/live-protocol";

/** A staleness as it is sent to browsers, whose clocks are others. */
export function ageOf({ at, reason }: Staleness): { readonly age: number; readonly why: string } {
  return { age: Math.max(0, Math.round(performance.now() - at)), why: reason };
}
