import { PeekError } from "@peek/errors";
import type { ChangeRequest } from "./PluginChange.ts";

/** The error of a change that the stop of its service has ended. */
export function changeCancelled({ kind, plugin }: ChangeRequest): PeekError {
  return new PeekError("CHANGE_CANCELLED", `Failed to ${kind} ${plugin}: the service is stopping.`, {
    fields: { plugin },
  });
}
