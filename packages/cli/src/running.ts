import { homeLockHolder } from "@peek/config";
import type { LocalService } from "./LocalService.ts";

/** Says so when a change takes effect only after a restart. */
export function tellIfRunning(service: LocalService): void {
  const holder = homeLockHolder(service.home);
  if (holder !== undefined) {
    console.error(
      `peek: ${service.name} is running (${holder.title}); it takes effect when that is started again (under pnpm dev, that happens by itself)`,
    );
  }
}
