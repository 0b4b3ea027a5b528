import { PeekError } from "@peek/errors";
import { clientPath } from "@peek/live-protocol";

/**
 * The URL of the service that serves the page.
 *
 * @throws PeekError `CONTRACT_INVALID` outside of a page.
 */
export function pageUrl(): string {
  if (typeof location !== "object") {
    throw new PeekError(
      "CONTRACT_INVALID",
      'connect() needs the option url outside of a page, for example "wss://field.example/vortex".',
    );
  }
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${clientPath}`;
}
