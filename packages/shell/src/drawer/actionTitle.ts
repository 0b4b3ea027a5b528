import type { PendingAction } from "@peek/client";
import type { CataloguePlugin } from "@peek/web/protocol";

/** The plugin and the kind of an action, for people: `Tutorial: Add int value`. */
export function actionTitle({ type }: Pick<PendingAction, "type">, plugins: readonly CataloguePlugin[]): string {
  const [plugin = "", name = ""] = type.split(".");
  const words = name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, " ").toLowerCase();
  const title = plugins.find((each) => each.name === plugin)?.title ?? plugin;
  return `${title}: ${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
