import type { WebUser } from "../host/PluginHost.ts";
import { usePluginHost } from "../host/usePluginHost.ts";

/** The user of the page. When another user logs in, the app loads anew. */
export function useUser(): WebUser {
  return usePluginHost().user;
}
