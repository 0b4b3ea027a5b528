import { usePluginHost } from "../host/usePluginHost.ts";

/** The parameters of the page's route, decoded: `{ id: "7" }` for `rows/:id` and the path `rows/7`. */
export function useRouteParams(): Readonly<Record<string, string>> {
  return usePluginHost().params;
}
