import type { Staleness } from "@peek/live-protocol";
import { Frame } from "./Frame.ts";
import type { GatewaySession } from "./GatewaySession.ts";

/** What all browsers are told alike. */
export const beatFrame: Frame = Frame.ofJson({ t: "beat" });
export const pulseFrame: Frame = Frame.ofJson({ t: "pulse" });
const upFrame: Frame = Frame.ofJson({ t: "up", on: true });

/** Whether it is known how things are on logic. */
export function upstreamFrame(staleness: Staleness | undefined): Frame {
  return staleness === undefined ? upFrame : Frame.ofJson({ t: "up", on: false, ...toldOf(staleness) });
}

/** As it is told to browsers, whose clocks are others. */
export function toldOf({ at, reason }: Staleness): { readonly age: number; readonly why: string } {
  return { age: Math.max(0, Math.round(performance.now() - at)), why: reason };
}

/** How often a service gives signs of life, and asks for them; milliseconds. */
export interface SignIntervals {
  readonly beatMs: number;
  readonly pulseMs: number;
}

/** The first that a browser is told: who it is, and how things are. */
export function helloFrame(
  { user, device }: GatewaySession,
  signs: SignIntervals,
  upstream: Staleness | undefined,
): Frame {
  const { id, name, anonymous } = user;
  const told = upstream === undefined ? {} : toldOf(upstream);
  const who = { user: { id, name, anonymous }, device };
  return Frame.ofJson({ t: "hi", ...who, ...signs, upstream: upstream === undefined, ...told });
}
