import { PeekError, type PeekErrorCode } from "@peek/errors";

/** With these codes, something that the handler depends on failed for a while. */
const transient: ReadonlySet<PeekErrorCode> = new Set([
  "ACTION_PUT_OFF",
  "DEADLINE_EXCEEDED",
  "PEER_GONE",
  "PLUGIN_RELEASED",
  "PLUGIN_UPDATING",
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
 * Whether an action that failed with an error is tried again for as long as it takes.
 *
 * @param deadlines The errors of the handler's own deadline, which are permanent.
 */
export function isTransient(error: unknown, deadlines: WeakSet<Error>): boolean {
  return PeekError.is(error) && transient.has(error.code) && !deadlines.has(error);
}
