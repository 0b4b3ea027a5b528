import type { IncomingMessage } from "node:http";
import { refusalHeader } from "./exchangeProtocol.ts";

const maxReasonLength = 1000;

/**
 * Reads why an exchange does not let somebody in; or says that it is no exchange that has answered.
 *
 * @param onReason Called, perhaps more than once, with the reason.
 */
export function readRefusal(response: IncomingMessage, onReason: (reason: string) => void): void {
  const status = response.statusCode ?? 0;
  if (response.headers[refusalHeader] === undefined) {
    onReason(`what answers there is not Peek's data exchange (HTTP ${status}); compare host and port`);
    return;
  }
  let reason = "";
  const end = (): void => onReason(`it refuses this service: ${reason === "" ? `it answered ${status}` : reason}`);
  response.setEncoding("utf8");
  response.on("data", (part: string) => {
    reason = (reason + part).slice(0, maxReasonLength);
    // Something else may be there, that does not come to an end.
    if (reason.length === maxReasonLength) end();
  });
  response.on("end", end);
  response.on("error", end);
}
