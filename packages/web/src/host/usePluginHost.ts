import { PeekError } from "@peek/errors";
import { useContext } from "react";
import type { PluginHost } from "./PluginHost.ts";
import { PluginHostContext } from "./PluginHostContext.ts";

/**
 * The app around the page.
 *
 * @throws PeekError `CONTRACT_INVALID` outside of a page of a plugin.
 */
export function usePluginHost(): PluginHost {
  const host = useContext(PluginHostContext);
  if (host !== undefined) return host;
  throw new PeekError(
    "CONTRACT_INVALID",
    "A component uses a hook of @peek/web outside of a page of a plugin. Use it in a component of definePluginWeb's routes.",
  );
}
