import type { Notification } from "../host/PluginHost.ts";
import { usePluginHost } from "../host/usePluginHost.ts";

/** A function that shows a message to the user, also after the page was left. */
export function useNotifications(): (notification: Notification) => void {
  return usePluginHost().notify;
}
