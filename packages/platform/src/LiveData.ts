import type { PluginInfo } from "@peek/loader";
import type { PluginDisposables } from "@peek/plugin-base";
import type { StaleStatus } from "@peek/live/logic";

/** What a service does for live data between logic and browsers: one thing on logic, another on field and office. */
export interface LiveData extends AsyncDisposable {
  /** `platform.observables` and `platform.actions` of a plugin. */
  openScope(plugin: PluginInfo, disposables: () => PluginDisposables): Readonly<Record<string, unknown>>;
  /** What of all that is watched is not known to be current. */
  status(): StaleStatus;
  /** All plugins have had their turn to start. */
  begin(): void;
  /** Has browsers go elsewhere, since the service is about to stop. */
  drain(): Promise<void>;
}
