import type { IncomingMessage } from "node:http";

const maxReasonLength = 1000;

/**
 * Reads why an exchange lets somebody not in.
 *
 * @param onReason Called, perhaps more than once, with the reason.
 */
export function readRefusal(response: IncomingMessage, onReason: (reason: string) => void): void {
  let reason = "";
  const end = (): void => onReason(reason === "" ? `it answered ${response.statusCode ?? 0}` : reason);
  response.setEncoding("utf8");
  response.on("data", (part: string) => {
    reason = (reason + part).slice(0, maxReasonLength);
    // Something else may be there, that does not come to an end.
    if (reason.length === maxReasonLength) end();
  });
  response.on("end", end);
  response.on("error", end);
}
