import type { IncomingMessage } from "node:http";
import { refusalHeader } from "./exchangeProtocol.ts";

const maxReasonLength = 1000;

/**
 * Reads the reason of a refused connection, or detects that the answer is not from an exchange.
 *
 * @param onReason Called once or more with the reason: the middle of a sentence.
 */
export function readRefusal(response: IncomingMessage, onReason: (reason: string) => void): void {
  const status = response.statusCode ?? 0;
  if (response.headers[refusalHeader] === undefined) {
    onReason(`the server there is not Peek's data exchange (HTTP ${status}); check host and port`);
    return;
  }
  let reason = "";
  const end = (): void => onReason(`it refuses this service: ${reason === "" ? `it answered ${status}` : reason}`);
  response.setEncoding("utf8");
  response.on("data", (part: string) => {
    reason = (reason + part).slice(0, maxReasonLength);
    // A server that only claims to be an exchange may never end its answer.
    if (reason.length === maxReasonLength) end();
  });
  response.on("end", end);
  response.on("error", end);
}
