import { setTimeout } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import { VersionStore } from "./VersionStore.ts";

const pauseMs = 20;

/**
 * Opens the store of a `plugin-software` folder as soon as the process that holds its lock releases it. Several services may share a
 * folder: each of them holds the lock only while it unpacks an archive, or writes a step of a change.
 *
 * @param waitMs How long to wait. Default: 30,000 ms.
 * @throws PeekError as {@link VersionStore.open}; the reason of the signal.
 */
export async function openWhenFree(
  softwareDir: string,
  { waitMs = 30_000, signal }: { readonly waitMs?: number; readonly signal?: AbortSignal } = {},
): Promise<VersionStore> {
  const until = performance.now() + waitMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return VersionStore.open(softwareDir);
    } catch (error) {
      if (!PeekError.is(error) || error.code !== "PLUGIN_SOFTWARE_LOCKED" || performance.now() >= until) throw error;
    }
    await setTimeout(pauseMs);
  }
}
