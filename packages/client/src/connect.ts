import type { ConnectOptions, PeekClient } from "./api.ts";
import { LiveClient } from "./LiveClient.ts";

/**
 * Connects to a field or office service at once, and again after each lost connection until the client is closed.
 *
 * @throws PeekError `CONTRACT_INVALID` without a URL outside of a page.
 */
export function connect(options: ConnectOptions = {}): PeekClient {
  return new LiveClient(options);
}
