import { describeValue, PeekError } from "@peek/errors";

/** The services that browsers connect with. */
export const gatewayServices = ["field", "office"] as const;

/** A service that browsers connect with. */
export type GatewayService = (typeof gatewayServices)[number];

/**
 * Checks what a plugin says of where a contract may be exposed.
 *
 * @returns Undefined when it says nothing.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function checkGatewayServices(
  what: string,
  name: string,
  services: unknown,
): readonly GatewayService[] | undefined {
  if (services === undefined) return undefined;
  const given: readonly unknown[] = Array.isArray(services) ? services : [services];
  const known = gatewayServices.filter((each) => given.includes(each));
  if (Array.isArray(services) && known.length === given.length) return Object.freeze(known);
  throw new PeekError(
    "CONTRACT_INVALID",
    `The ${what} ${name} cannot be defined: its services are ${describeValue(services)}, not a list of "field" and "office", each once.`,
    { fields: { name } },
  );
}
