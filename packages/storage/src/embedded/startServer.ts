import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { takeDataFolder } from "./leftoverServer.ts";
import { type ServerLaunch, ServerProcess } from "./ServerProcess.ts";

/**
 * Starts a server on a folder on which another may just have died.
 *
 * @param signal Gives it up.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED`; the signal's reason. No process is left.
 */
export async function startServer(
  layout: EmbeddedLayout,
  launch: Omit<ServerLaunch, "lock">,
  signal: AbortSignal,
): Promise<ServerProcess> {
  // Given back only when there is no server to inherit it.
  using lock = await takeDataFolder(layout, launch.logger, signal);
  return await ServerProcess.start({ ...launch, lock }, signal);
}
