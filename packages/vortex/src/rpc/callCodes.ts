import type { PeekErrorCode } from "@peek/errors";

/**
 * Codes that say of a call itself what became of it, such as that it was not made. Out of a handler they would speak of
 * another call, that the handler made; whoever believed them and called again would have it done twice.
 */
export const callCodes: ReadonlySet<PeekErrorCode> = new Set([
  "CALL_CANCELLED",
  "CONTRACT_INVALID",
  "DATA_INVALID",
  "DATA_UNENCODABLE",
  "DEADLINE_EXCEEDED",
  "FORBIDDEN",
  "PEER_GONE",
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

/** Those that the caller's own side alone can say: as an answer, they speak of something else. */
export const callerCodes: ReadonlySet<PeekErrorCode> = new Set([
  "CALL_CANCELLED",
  "PEER_GONE",
  "RPC_REJECTED",
  "VORTEX_DISCONNECTED",
  "VORTEX_NOBODY",
  "VORTEX_OVERLOADED",
] as const);
