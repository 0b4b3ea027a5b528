import type { SiteName } from "@peek/http";
import type { ServiceName } from "@peek/plugin-base";

/** The name of a service's site in `httpServer` of config.json; undefined where the service has none. */
export function siteNameOf(service: ServiceName): SiteName | undefined {
  switch (service) {
    case "logic":
      return "admin";
    case "field":
    case "office":
      return service;
    default:
      return undefined;
  }
}
