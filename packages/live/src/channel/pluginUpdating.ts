import { PeekError } from "@peek/errors";

/** Why tuples are stale while their plugin is suspended; for people. */
export const pluginUpdating = "The plugin is being updated.";

/** The plugin of an observable or an action. @param name `<plugin>.<Name>` */
export function pluginOf(name: string): string {
  return name.slice(0, Math.max(name.indexOf("."), 0));
}

/** The error of a follower whose plugin is suspended: it follows again. */
export function observableUpdating(name: string): PeekError {
  return new PeekError("PLUGIN_UPDATING", `${name} cannot be watched now: its plugin is being updated.`, {
    fields: { observable: name },
  });
}
