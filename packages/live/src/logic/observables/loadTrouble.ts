import { messageOf, PeekError } from "@peek/errors";
import type { ChannelContext } from "./ChannelContext.ts";

/** Logs that a provider has failed. */
export function logFailedLoad({ type, logger, rateLimit }: ChannelContext, error: unknown): void {
  const untold = rateLimit.count(`load ${type.name}`);
  if (untold === undefined) return;
  logger.error(
    { err: error },
    "%s could not be loaded; it is tried again, and those who watch keep what they have: %s%s",
    type.name,
    messageOf(error),
    untold,
  );
}

/** Logs that a provider takes long. */
export function logLongLoad({ type, logger, rateLimit }: ChannelContext, ms: number): void {
  const untold = rateLimit.count(`long ${type.name}`);
  if (untold === undefined) return;
  logger.warning(
    "The provider of %s has taken more than %d s, and is waited for. Those who watch see what was before%s",
    type.name,
    ms / 1000,
    untold,
  );
}

/** What those who watch are told when a provider has failed, and there is nothing to be shown. */
export function loadTrouble(observable: string, error: unknown): PeekError {
  return new PeekError(
    "OBSERVABLE_LOAD_FAILED",
    `${observable} cannot be shown now: its provider has failed${reasonOf(error)}. It is tried again; the log of the logic service says more.`,
    { fields: { observable } },
  );
}

/** What a provider's own error says stays on logic. */
function reasonOf(error: unknown): string {
  return PeekError.is(error) && error.code === "DATA_INVALID" ? `: ${error.message.replace(/\.$/, "")}` : "";
}

/** What those who watch are told when a provider fails, and they see what was before. */
export function failureForPeople(error: unknown): string {
  const code = PeekError.is(error) ? error.code : undefined;
  if (code === "STORAGE_UNAVAILABLE" || code === "STORAGE_REFUSED") return "The database cannot be reached";
  if (code === "STORAGE_TIMEOUT" || code === "DEADLINE_EXCEEDED")
    return "Loading has taken too long, and is tried again";
  return "Loading fails; the log of the logic service says why";
}
