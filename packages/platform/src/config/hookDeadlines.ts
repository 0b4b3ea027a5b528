import type { ServiceConfig } from "@peek/config";
import type { HookDeadlines } from "@peek/loader";

/** The deadlines of hooks, from config.json. */
export function hookDeadlines({ deadlines }: ServiceConfig["plugin"]): HookDeadlines {
  return {
    warnMs: deadlines.warnSeconds * 1000,
    migrateMs: deadlines.migrateSeconds * 1000,
    loadMs: deadlines.loadSeconds * 1000,
    startMs: deadlines.startSeconds * 1000,
    stopMs: deadlines.stopSeconds * 1000,
    unloadMs: deadlines.unloadSeconds * 1000,
    suspendMs: deadlines.suspendSeconds * 1000,
    shutdownMs: deadlines.shutdownSeconds * 1000,
  };
}
