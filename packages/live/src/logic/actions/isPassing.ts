import { PeekError, type PeekErrorCode } from "@peek/errors";

/** With these, it is the world around a handler that is not as it should be: later it may be. */
const passing: ReadonlySet<PeekErrorCode> = new Set([
  "ACTION_PUT_OFF",
  "DEADLINE_EXCEEDED",
  "PEER_GONE",
  "PLUGIN_RELEASED",
  "RPC_BUSY",
  "RPC_UNKNOWN",
  "STORAGE_BUSY",
  "STORAGE_CLOSED",
  "STORAGE_COMMIT_UNKNOWN",
  "STORAGE_CONFLICT",
  "STORAGE_CONNECTIONS",
  "STORAGE_TIMEOUT",
  "STORAGE_UNAVAILABLE",
  "VORTEX_CLOSED",
  "VORTEX_DISCONNECTED",
  "VORTEX_NOBODY",
  "VORTEX_OVERLOADED",
] as const);

/**
 * Whether an action that failed so is to be tried again for as long as it takes.
 *
 * @param own Errors of the handler's own deadline, which do not pass.
 */
export function isPassing(error: unknown, own: WeakSet<Error>): boolean {
  return PeekError.is(error) && passing.has(error.code) && !own.has(error);
}
