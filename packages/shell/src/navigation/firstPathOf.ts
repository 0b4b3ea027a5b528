import type { CataloguePlugin } from "@peek/web/protocol";
import { pluginPath } from "./paths.ts";

/** The path of the page that a plugin's tile opens: its first route without parameters. */
export function firstPathOf({ name, routes }: Pick<CataloguePlugin, "name" | "routes">): string {
  const route = routes.find(({ path }) => !path.includes(":"));
  return pluginPath(name, route?.path);
}
