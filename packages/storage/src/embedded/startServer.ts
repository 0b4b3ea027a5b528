import type { EmbeddedLayout } from "./EmbeddedLayout.ts";
import { acquireDataFolder } from "./acquireDataFolder.ts";
import { type ServerLaunch, ServerProcess } from "./ServerProcess.ts";

/**
 * Starts a server on a folder whose previous server may just have died.
 *
 * @param signal Aborts the start.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED`; the signal's reason. No process is left running.
 */
export async function startServer(
  layout: EmbeddedLayout,
  launch: Omit<ServerLaunch, "lock">,
  signal: AbortSignal,
): Promise<ServerProcess> {
  // Disposing it releases the lock only if no server process has inherited it.
  using lock = await acquireDataFolder(layout, launch.logger, signal);
  return await ServerProcess.start({ ...launch, lock }, signal);
}
