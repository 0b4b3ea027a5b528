import { PeekError } from "@peek/errors";

/** With these codes, a call to logic fails for a while. */
const outages: ReadonlySet<string> = new Set([
  "PEER_GONE",
  "VORTEX_DISCONNECTED",
  "VORTEX_NOBODY",
  "VORTEX_OVERLOADED",
  // Logic, or this service, is stopping.
  "VORTEX_CLOSED",
  "PLUGIN_RELEASED",
  "PLUGIN_UPDATING",
  "DEADLINE_EXCEEDED",
  "RPC_UNKNOWN",
  "RPC_BUSY",
]);

/** Whether a call failed because logic is not reached now, independently of the request. */
export function isOutage(error: unknown): boolean {
  return PeekError.is(error) && outages.has(error.code);
}
