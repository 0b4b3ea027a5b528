import { PeekError } from "@peek/errors";

/** What becomes of calls to logic that passes by itself. */
const outages: ReadonlySet<string> = new Set([
  "PEER_GONE",
  "VORTEX_DISCONNECTED",
  "VORTEX_NOBODY",
  "VORTEX_OVERLOADED",
  // Logic, or this service, is stopping.
  "VORTEX_CLOSED",
  "PLUGIN_RELEASED",
  "DEADLINE_EXCEEDED",
  "RPC_UNKNOWN",
  "RPC_BUSY",
]);

/** Whether a call to logic that failed so says nothing of what was asked, but that logic is not reached now. */
export function isOutage(error: unknown): boolean {
  return PeekError.is(error) && outages.has(error.code);
}
