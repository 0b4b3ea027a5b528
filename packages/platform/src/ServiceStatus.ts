import type { PluginState, PluginStatus } from "@peek/loader";
import type { ServiceName } from "@peek/plugin-base";
import type { LedgerUsage } from "@peek/plugin-base/internal";
import type { StorageStatus } from "@peek/storage";
import type { TaskDepth } from "@peek/tasks";
import type { StaleStatus } from "@peek/live/logic";
import type { WorkerStatus } from "@peek/tasks/worker";

/** How a service is connected to the others. */
export interface VortexStatus {
  /** The name of this process among the instances of its service. */
  readonly instance: string;
  readonly state: "connecting" | "connected" | "closed";
  /** The port on which it lets others connect; absent where it does not. */
  readonly port?: number;
}

/** Where a service listens for browsers. */
export interface SiteStatus {
  /** As `httpServer` of config.json names it. */
  readonly name: string;
  /** Absent while the port is taken. */
  readonly port?: number;
}

/** How a service is doing with tasks. */
export interface TasksStatus {
  /** On logic: how full the queues are, as last looked at, up to 10 s ago. */
  readonly queues?: readonly TaskDepth[];
  /** On a worker: what it does. */
  readonly worker?: WorkerStatus;
}

/** What is known of a running service: data, safe to send or print. */
export interface ServiceStatus {
  readonly service: ServiceName;
  readonly version: string;
  /** The version that a restart would take; absent where that is the one that runs, and where nobody asked. */
  readonly installedVersion?: string;
  readonly pid: number;
  /** When it began to start; ISO 8601, UTC. */
  readonly since: string;
  /** The database; absent where no plugin asks for one, or it has not been reached yet. */
  readonly storage?: StorageStatus;
  /** The connection to the other services; absent before it was opened. */
  readonly vortex?: VortexStatus;
  /** The site for browsers; absent where there is none, or before it was opened. */
  readonly site?: SiteStatus;
  /** Tasks; absent where there are none yet. */
  readonly tasks?: TasksStatus;
  /** What is watched, and what of it is not known to be current; absent where nothing can be watched. */
  readonly live?: StaleStatus;
  /** On logic: how much is kept of the actions of each plugin; absent where that cannot be asked now. */
  readonly actions?: readonly LedgerUsage[];
  readonly plugins: readonly PluginStatus[];
}

/** The plugins of a service in one line: `3 plugins started, 1 failed (peek_plugin_x: HOOK_THREW)`. */
export function summarise(plugins: readonly PluginStatus[]): string {
  const started = plugins.filter((plugin) => plugin.state === "started").length;
  const others = troubled
    .map((state) => ({ state, those: plugins.filter((plugin) => plugin.state === state) }))
    .filter(({ those }) => those.length > 0)
    .map(({ state, those }) => `${those.length} ${state} (${nameThem(those)})`);
  return [`${started} plugin${started === 1 ? "" : "s"} started`, ...others].join(", ");
}

/** Whether there is one that should run and does not. */
export function hasTrouble(plugins: readonly PluginStatus[]): boolean {
  return plugins.some((plugin) => plugin.state === "failed" || plugin.state === "blocked");
}

const troubled = ["skipped", "failed", "blocked"] as const satisfies readonly PluginState[];
const maxNamed = 10;

function nameThem(plugins: readonly PluginStatus[]): string {
  const named = plugins
    .slice(0, maxNamed)
    .map(
      ({ name, error, blockedBy }) =>
        name + (blockedBy === undefined ? (error ? `: ${error.code}` : "") : ` by ${blockedBy}`),
    );
  return plugins.length > maxNamed ? `${named.join(", ")}, and ${plugins.length - maxNamed} more` : named.join(", ");
}
