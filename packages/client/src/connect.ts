import type { ConnectOptions, PeekClient } from "./api.ts";
import { LiveClient } from "./LiveClient.ts";

/**
 * Connects with the field or office service: at once, and again whenever it is cut off, until it is closed.
 *
 * @throws PeekError `CONTRACT_INVALID` without a url where there is no page that came from a service.
 */
export function connect(options: ConnectOptions = {}): PeekClient {
  return new LiveClient(options);
}
