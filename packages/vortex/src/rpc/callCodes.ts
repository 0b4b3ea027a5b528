import type { PeekErrorCode } from "@peek/errors";

/**
 * Codes that say what became of a call. When a handler fails with one, it describes another call, which the handler made. A caller
 * that took it for its own call might repeat a call that was executed.
 */
export const callCodes: ReadonlySet<PeekErrorCode> = new Set([
  "CALL_CANCELLED",
  "CONTRACT_INVALID",
  "DATA_INVALID",
  "DATA_UNENCODABLE",
  "DEADLINE_EXCEEDED",
  "FORBIDDEN",
  "PEER_GONE",
  "PLUGIN_RELEASED",
  "RPC_BUSY",
  "RPC_HANDLER_FAILED",
  "RPC_REJECTED",
  "RPC_UNKNOWN",
  "VORTEX_CLOSED",
  "VORTEX_DISCONNECTED",
  "VORTEX_FRAME_INVALID",
  "VORTEX_MESSAGE_TOO_LARGE",
  "VORTEX_NOBODY",
  "VORTEX_OVERLOADED",
] as const);

/** Codes that only the caller's side can determine. In an answer, such a code describes another call. */
export const callerCodes: ReadonlySet<PeekErrorCode> = new Set([
  "CALL_CANCELLED",
  "PEER_GONE",
  "RPC_REJECTED",
  "VORTEX_DISCONNECTED",
  "VORTEX_NOBODY",
  "VORTEX_OVERLOADED",
] as const);
