import { setTimeout as delay } from "node:timers/promises";
import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { isFailure } from "./failure.ts";
import { endLeftoverServer } from "./leftoverServer.ts";
import { type ServerLaunch, ServerProcess } from "./ServerProcess.ts";

const retryMs = 200;
/** How long the processes of a server that was killed may take to see that it is gone. */
const orphansEndWithinMs = 20_000;

/**
 * Starts a server on a folder on which another may just have died.
 *
 * @param signal Gives it up.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED`; the signal's reason. No process is left.
 */
export async function startServer(
  layout: EmbeddedLayout,
  launch: ServerLaunch,
  signal: AbortSignal,
): Promise<ServerProcess> {
  const until = performance.now() + orphansEndWithinMs;
  for (;;) {
    await endLeftoverServer(layout, launch.logger);
    try {
      return await ServerProcess.start(launch, signal);
    } catch (error) {
      if (!isFailure(error, "still-in-use") || performance.now() > until) throw error;
      await delay(retryMs, undefined, { signal });
    }
  }
}
