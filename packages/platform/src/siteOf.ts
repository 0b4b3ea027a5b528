import type { ServiceName } from "@peek/plugin-base";

/** The site of a service for browsers, as `httpServer` of config.json names it; undefined where there is none. */
export function siteOf(service: ServiceName): "admin" | "field" | "office" | undefined {
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
