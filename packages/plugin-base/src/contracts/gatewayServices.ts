import { describeValue, PeekError } from "@peek/errors";

/** The services that browsers connect to. */
export const gatewayServices = ["field", "office"] as const;

/** A service that browsers connect to. */
export type GatewayService = (typeof gatewayServices)[number];

/**
 * Checks the services where a contract may be exposed.
 *
 * @returns undefined without services.
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
