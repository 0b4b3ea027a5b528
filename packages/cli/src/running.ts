import { homeLockHolder } from "@peek/config";
import type { LocalService } from "./LocalService.ts";

/** Notes that a change takes effect only after a restart, if the service is running. */
export function noteIfRunning(service: LocalService): void {
  const holder = homeLockHolder(service.home);
  if (holder !== undefined) {
    console.error(
      `peek: ${service.name} is running (${holder.title}); the change takes effect when it is restarted (under pnpm dev, that happens by itself)`,
    );
  }
}
