import type { MouseEvent, ReactNode } from "react";
import { usePluginHost } from "../host/usePluginHost.ts";

/** The props of {@link PluginLink}. */
export interface PluginLinkProps {
  /** The path of a page of the plugin: `rows/7`. */
  readonly to: string;
  /** Whether the new page takes the place of the present one in the browser's history. Default: false. */
  readonly replace?: boolean;
  readonly children?: ReactNode;
}

/** A link to another page of the plugin. */
export function PluginLink({ to, replace = false, children }: PluginLinkProps): ReactNode {
  const host = usePluginHost();
  const follow = (event: MouseEvent): void => {
    // Another tab or window, or a download.
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    event.preventDefault();
    host.navigate(to, { replace });
  };
  return (
    <a className="peek-link" href={host.href(to)} onClick={follow}>
      {children}
    </a>
  );
}
