import { useEffect } from "react";
import { usePluginHost } from "../host/usePluginHost.ts";

/** Sets the title of the page, in the breadcrumbs and in the browser. Default: the title of the route in plugin_package.json. */
export function usePageTitle(title: string): void {
  const { setTitle } = usePluginHost();
  useEffect(() => setTitle(title), [setTitle, title]);
}
