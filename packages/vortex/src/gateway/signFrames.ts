import { Frame } from "./Frame.ts";
import type { GatewaySession } from "./GatewaySession.ts";

/** What all browsers are told alike. */
export const beatFrame: Frame = Frame.ofJson({ t: "beat" });
export const upstreamFrames: { readonly on: Frame; readonly off: Frame } = {
  on: Frame.ofJson({ t: "up", on: true }),
  off: Frame.ofJson({ t: "up", on: false }),
};

/** The first that a browser is told: who it is, and how things are. */
export function helloFrame({ user, device }: GatewaySession, beatMs: number, upstream: boolean): Frame {
  const { id, name, anonymous } = user;
  return Frame.ofJson({ t: "hi", user: { id, name, anonymous }, device, beatMs, upstream });
}
