export type { StaleEntry, StaleStatus } from "../channel/StaleStatus.ts";
export type { Rate } from "../limits/TokenBucket.ts";
export { ActionServer, type ActionServerOptions } from "./actions/ActionServer.ts";
export {
  type ObservablePlugin,
  ObservableServer,
  type ObservableServerOptions,
  type ObservableServerStatistics,
} from "./observables/ObservableServer.ts";
