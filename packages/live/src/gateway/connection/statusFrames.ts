import type { Staleness } from "@peek/live-protocol";
import { ageOf } from "../ageOf.ts";
import { Frame } from "../frames/Frame.ts";
import type { GatewaySession } from "../GatewaySession.ts";

/** Asks a browser for a sign of life. */
export const beatFrame: Frame = Frame.ofJson({ t: "beat" });
/** A sign of life of the gateway. */
export const pulseFrame: Frame = Frame.ofJson({ t: "pulse" });
const upFrame: Frame = Frame.ofJson({ t: "up", on: true });

/** Reports whether logic is reached. @param staleness Set while it is not. */
export function upstreamFrame(staleness: Staleness | undefined): Frame {
  return staleness === undefined ? upFrame : Frame.ofJson({ t: "up", on: false, ...ageOf(staleness) });
}

/** How often a gateway gives signs of life, and asks for them. */
export interface HeartbeatIntervals {
  readonly beatMs: number;
  readonly pulseMs: number;
}

/** The first frame of a connection: who the user is, and whether logic is reached. */
export function helloFrame(
  { user, device }: GatewaySession,
  intervals: HeartbeatIntervals,
  staleness: Staleness | undefined,
): Frame {
  const { id, name, anonymous } = user;
  const age = staleness === undefined ? {} : ageOf(staleness);
  const who = { user: { id, name, anonymous }, device };
  return Frame.ofJson({ t: "hi", ...who, ...intervals, upstream: staleness === undefined, ...age });
}
