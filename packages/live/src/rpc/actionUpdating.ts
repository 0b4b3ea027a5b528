import type { ActionOutcome } from "./ActionsRpc.ts";

/** How long an action waits for its plugin to be updated. */
export const maxUpdateWaitMs = 2000;

/** The outcome of an action whose plugin is still suspended after that: the device sends it again. */
export const actionUpdating: ActionOutcome = {
  kind: "retry",
  code: "PLUGIN_UPDATING",
  msg: "The plugin is being updated. The action is tried again.",
  afterMs: 500,
};
