import { PeekError } from "@peek/errors";
import { clientPath } from "@peek/live-protocol";

/**
 * The address of the service that the page comes from.
 *
 * @throws PeekError `CONTRACT_INVALID` where there is no page.
 */
export function pageUrl(): string {
  if (typeof location !== "object") {
    throw new PeekError(
      "CONTRACT_INVALID",
      'connect() needs a url here, where there is no page: "wss://field.example/vortex".',
    );
  }
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${clientPath}`;
}
