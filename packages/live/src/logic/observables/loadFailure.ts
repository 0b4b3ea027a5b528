import { messageOf, PeekError } from "@peek/errors";
import type { ChannelContext } from "./ChannelContext.ts";

/** Logs that load() has failed. */
export function logLoadFailure({ type, logger, logThrottle }: ChannelContext, error: unknown): void {
  const suppressed = logThrottle.count(`load ${type.name}`);
  if (suppressed === undefined) return;
  logger.error(
    { err: error },
    "Failed to load %s; trying again, while browsers keep the tuples that they have: %s%s",
    type.name,
    messageOf(error),
    suppressed,
  );
}

/** Logs that load() is slow. */
export function logSlowLoad({ type, logger, logThrottle }: ChannelContext, ms: number): void {
  const suppressed = logThrottle.count(`slow ${type.name}`);
  if (suppressed === undefined) return;
  logger.warning(
    "load() of %s has run for more than %d s; still waiting, while browsers show the tuples before%s",
    type.name,
    ms / 1000,
    suppressed,
  );
}

/** The error of followers when load() has failed, and there are no tuples to show. */
export function loadFailed(observable: string, error: unknown): PeekError {
  return new PeekError(
    "OBSERVABLE_LOAD_FAILED",
    `Failed to load ${observable}${detailOf(error)}. It is tried again; see the log of the logic service.`,
    { fields: { observable } },
  );
}

/** The message of a provider's own error stays on logic. */
function detailOf(error: unknown): string {
  return PeekError.is(error) && error.code === "DATA_INVALID" ? `: ${error.message.replace(/\.$/, "")}` : "";
}

/** Why tuples are stale whose load() fails, for people. */
export function staleReasonOf(error: unknown): string {
  const code = PeekError.is(error) ? error.code : undefined;
  if (code === "STORAGE_UNAVAILABLE" || code === "STORAGE_REFUSED") return "The database cannot be reached";
  if (code === "STORAGE_TIMEOUT" || code === "DEADLINE_EXCEEDED") return "Loading took too long, and is tried again";
  return "Loading fails; see the log of the logic service";
}
