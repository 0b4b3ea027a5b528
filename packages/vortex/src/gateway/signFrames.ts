import { Frame } from "./Frame.ts";
import type { GatewaySession } from "./GatewaySession.ts";

/** What all browsers are told alike. */
export const beatFrame: Frame = Frame.ofJson({ t: "beat" });
export const pulseFrame: Frame = Frame.ofJson({ t: "pulse" });
export const upstreamFrames: { readonly on: Frame; readonly off: Frame } = {
  on: Frame.ofJson({ t: "up", on: true }),
  off: Frame.ofJson({ t: "up", on: false }),
};

/** How often a service gives signs of life, and asks for them; milliseconds. */
export interface SignIntervals {
  readonly beatMs: number;
  readonly pulseMs: number;
}

/** The first that a browser is told: who it is, and how things are. */
export function helloFrame({ user, device }: GatewaySession, signs: SignIntervals, upstream: boolean): Frame {
  const { id, name, anonymous } = user;
  return Frame.ofJson({ t: "hi", user: { id, name, anonymous }, device, ...signs, upstream });
}
