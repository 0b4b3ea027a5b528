import type { NavigateOptions } from "../host/PluginHost.ts";
import { usePluginHost } from "../host/usePluginHost.ts";

/** A function that opens a page of the plugin by its path: `navigate("rows/7")`. */
export function usePluginNavigate(): (path: string, options?: NavigateOptions) => void {
  const host = usePluginHost();
  return host.navigate;
}
