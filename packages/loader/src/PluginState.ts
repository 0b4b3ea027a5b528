/**
 * The states of a plugin on one service, and the legal moves from each. There are no other moves, and no flags beside
 * the state.
 */
const legalMoves = {
  /** Named in plugin.enabled. */
  configured: ["resolved", "failed"],
  /** Its package was found and its plugin_package.json is valid. */
  resolved: ["migrating", "loading", "skipped", "failed", "blocked"],
  /** Its plugin_package.json does not require this service, or it has no hook function for it. */
  skipped: [],
  /** Its database schema is being migrated; or, on the worker, it waits for logic to do that. */
  migrating: ["migrated", "unloading", "failed", "blocked"],
  migrated: ["loading", "unloading", "failed", "blocked"],
  /** Being imported, constructed, or in load(). */
  loading: ["loaded", "skipped", "unloading", "failed", "blocked"],
  loaded: ["starting", "unloading", "failed", "blocked"],
  /** In start(). */
  starting: ["started", "failed", "blocked"],
  started: ["stopping", "failed", "blocked"],
  /** In stop(). */
  stopping: ["stopped", "failed"],
  stopped: ["unloading", "failed"],
  /** In unload(). */
  unloading: ["unloaded", "failed"],
  unloaded: [],
  /** It, or its package, did something wrong. Its resources are being released. */
  failed: [],
  /** A plugin that it depends on does not run. Its resources are being released. */
  blocked: [],
} as const satisfies Record<string, readonly string[]>;

/** The state of a plugin on a service. */
export type PluginState = keyof typeof legalMoves;

/** Every state. */
export const pluginStates = Object.keys(legalMoves) as readonly PluginState[];

/** Whether a plugin in `from` may go to `to`. */
export function isLegalMove(from: PluginState, to: PluginState): boolean {
  const next: readonly PluginState[] = legalMoves[from];
  return next.includes(to);
}
