import type { Duplex } from "node:stream";
import { refuseUpgrade } from "@peek/kit";
import { errorBody, errorResponse } from "./errorResponse.ts";

/** Refuses an upgrade by an error. @param message Default: the one of the status. */
export function sendUpgradeError(
  socket: Duplex,
  status: number,
  { message, headers }: { readonly message?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): void {
  const response = errorResponse(status, message);
  const { type, body } = errorBody(response, false);
  refuseUpgrade(socket, {
    status: response.status,
    contentType: type,
    body,
    ...(headers !== undefined && { headers }),
  });
}
