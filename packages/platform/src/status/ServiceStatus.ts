import type { PluginState, PluginStatus, RunningChange } from "@peek/loader";
import type { ServiceName } from "@peek/plugin-base";
import type { LedgerUsage } from "@peek/plugin-base/internal";
import type { StorageStatus } from "@peek/storage";
import type { TaskDepth } from "@peek/tasks";
import type { StaleStatus } from "@peek/live/logic";
import type { WorkerStatus } from "@peek/tasks/worker";
import type { ConfigDrift } from "./readDrift.ts";

/** The connection of a service to the others. */
export interface VortexStatus {
  /** The instance name of this process. */
  readonly instance: string;
  readonly state: "connecting" | "connected" | "closed";
  /** The port on which it accepts connections; absent where it does not. */
  readonly port?: number;
  readonly calls: CallStatus;
}

/** The calls of a service that are in progress. */
export interface CallStatus {
  /** Calls of this service that the called services have not answered. */
  readonly pending: number;
  /** Calls of this service that wait until a service is connected that can answer. */
  readonly waiting: number;
  /** Calls that handlers of this service execute. */
  readonly running: number;
  /** Received calls that wait for a free handler. */
  readonly queued: number;
}

/** The load of a field or office service by its browsers. */
export interface BrowserLoad {
  readonly connections: number;
  readonly subscriptions: number;
  /** Subscriptions of slow browsers, which skip intermediate states. */
  readonly lagging: number;
  /** Bytes that wait to be sent. */
  readonly waitingBytes: number;
  /** Actions that have not been answered. */
  readonly actions: number;
}

/** The load of logic by the channels that gateways follow. */
export interface ObservableLoad {
  /** Observables that plugins provide. */
  readonly observables: number;
  /** Streams of channels to gateways. */
  readonly followers: number;
  /** Loads of the present channels so far. */
  readonly loads: number;
  /** Characters of the channels' histories. */
  readonly historyChars: number;
}

/** The live data of a service. */
export interface LiveStatus extends StaleStatus {
  /** On logic. */
  readonly provided?: ObservableLoad;
  /** On field and office. */
  readonly browsers?: BrowserLoad;
}

/** Where a service listens for browsers. */
export interface SiteStatus {
  /** Its name in `httpServer` of config.json. */
  readonly name: string;
  /** Absent while another program uses the port. */
  readonly port?: number;
}

/** The tasks of a service. */
export interface TasksStatus {
  /** On logic: the depths of the queues, read up to 10 s ago. */
  readonly queues?: readonly TaskDepth[];
  /** On a worker: its load. */
  readonly worker?: WorkerStatus;
}

/** The status of a running service: data, safe to send or print. */
export interface ServiceStatus {
  readonly service: ServiceName;
  readonly version: string;
  /** The installed version, which a restart would run; absent where it is the running one, or was not read. */
  readonly installedVersion?: string;
  readonly pid: number;
  /** When it began to start; ISO 8601, UTC. */
  readonly since: string;
  /** The database; absent where no plugin requires one, or it has not been reached yet. */
  readonly storage?: StorageStatus;
  /** The connection to the other services; absent before it was opened. */
  readonly vortex?: VortexStatus;
  /** The site for browsers; absent where there is none, or before it was opened. */
  readonly site?: SiteStatus;
  /** Tasks; absent where there are none yet. */
  readonly tasks?: TasksStatus;
  /** Live data; absent where the service has none. */
  readonly live?: LiveStatus;
  /** On logic: how much the ledger stores of the actions of each plugin; absent where it cannot be read now. */
  readonly actions?: readonly LedgerUsage[];
  /** The change of a plugin that is being made; absent without one. */
  readonly change?: RunningChange;
  /** The difference between its plugins and its config.json; absent where there is none, or it was not looked for. */
  readonly drift?: ConfigDrift;
  readonly plugins: readonly PluginStatus[];
}

/** The plugins of a service in one line: `3 plugins started, 1 failed (peek_plugin_x: HOOK_THREW)`. */
export function summarise(plugins: readonly PluginStatus[]): string {
  const started = plugins.filter((plugin) => plugin.state === "started").length;
  const others = troubled
    .map((state) => ({ state, inState: plugins.filter((plugin) => plugin.state === state) }))
    .filter(({ inState }) => inState.length > 0)
    .map(({ state, inState }) => `${inState.length} ${state} (${namesOf(inState)})`);
  return [`${started} plugin${started === 1 ? "" : "s"} started`, ...others].join(", ");
}

/** Whether a plugin has failed or is blocked. */
export function hasTrouble(plugins: readonly PluginStatus[]): boolean {
  return plugins.some((plugin) => plugin.state === "failed" || plugin.state === "blocked");
}

const troubled = ["skipped", "failed", "blocked"] as const satisfies readonly PluginState[];
const maxNamed = 10;

function namesOf(plugins: readonly PluginStatus[]): string {
  const named = plugins
    .slice(0, maxNamed)
    .map(
      ({ name, error, blockedBy }) =>
        name + (blockedBy === undefined ? (error ? `: ${error.code}` : "") : ` by ${blockedBy}`),
    );
  return plugins.length > maxNamed ? `${named.join(", ")}, and ${plugins.length - maxNamed} more` : named.join(", ");
}
