import { PeekError } from "@peek/errors";
import type { ServiceName } from "@peek/plugin-base";
import { parseToken } from "@peek/bus/identity";

/**
 * Checks a token before it is put into a service's configuration.
 *
 * @throws PeekError `TOKEN_MALFORMED`, or `CONFIG_INVALID` when it is for another service.
 */
export function checkTokenFor(service: ServiceName, value: unknown): void {
  const token = parseToken(typeof value === "string" ? value : "");
  if (token.service === service) return;
  throw new PeekError(
    "CONFIG_INVALID",
    `The token ${token.id} is for ${token.service}, not for ${service}. Nothing was changed. Create a token with peek token create ${service} on logic's machine.`,
    { fields: { id: token.id, service } },
  );
}
