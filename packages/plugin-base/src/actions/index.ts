export type {
  ActionContext,
  ActionHandleOptions,
  ActionHandler,
  DeadLetter,
  PluginActions,
  PluginExposedActions,
} from "./PluginActions.ts";
