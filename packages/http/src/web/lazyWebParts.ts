import type { Duplex } from "node:stream";
import type { HttpSiteOptions } from "../site/HttpSiteOptions.ts";
import type { SiteWeb } from "./SiteWeb.ts";
import type { WebParts } from "./WebParts.ts";

/** Makes the function that returns the parts of the app, which are imported and created at its first call. */
export function lazyWebParts(options: HttpSiteOptions, web: SiteWeb, closing: AbortSignal): () => Promise<WebParts> {
  let opening: Promise<WebParts> | undefined;
  const open = async (): Promise<WebParts> => {
    const { WebParts } = await import("./WebParts.ts");
    const parts = new WebParts(options, web);
    const close = (): void => parts[Symbol.dispose]();
    if (closing.aborted) close();
    else closing.addEventListener("abort", close, { once: true });
    return parts;
  };
  return () => (opening ??= open());
}

/** Keeps a connection that has been handed over, until the parts that take it are there. Never rejects. */
export async function whenOpen(
  parts: () => Promise<WebParts>,
  socket: Duplex,
  take: (parts: WebParts) => void,
): Promise<void> {
  const destroy = (): void => void socket.destroy();
  socket.on("error", destroy);
  try {
    const opened = await parts();
    socket.off("error", destroy);
    if (!socket.destroyed) take(opened);
  } catch {
    destroy();
  }
}
