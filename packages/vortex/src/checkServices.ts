import { describeValue, PeekError } from "@peek/errors";
import { type PeerIdentity, type ServiceName, serviceNames } from "@peek/plugin-base";

/**
 * Checks the name of a service that a plugin has handed in; in plain JavaScript it may be misspelt, and nobody would ever
 * answer.
 *
 * @param what What cannot be done with a wrong one, for the message.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function checkService(value: unknown, what: string): ServiceName {
  const service = serviceNames.find((name) => name === value);
  if (service !== undefined) return service;
  throw new PeekError(
    "CONTRACT_INVALID",
    `${what}: ${describeValue(value)} is not a service. There are ${serviceNames.join(", ")}.`,
  );
}

/**
 * Checks `acceptOnlyFrom`.
 *
 * @returns Undefined when all are accepted.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function checkAccepted(
  value: ServiceName | readonly ServiceName[] | undefined,
  what: string,
): ReadonlySet<ServiceName> | undefined {
  if (value === undefined) return undefined;
  const accepted = new Set([value].flat().map((each) => checkService(each, `${what}, with acceptOnlyFrom`)));
  if (accepted.size > 0) return accepted;
  throw new PeekError(
    "CONTRACT_INVALID",
    `${what}: acceptOnlyFrom is empty, so that nobody could call. Name the services, or leave it out for all.`,
  );
}

/**
 * Checks the name of a running service that a plugin has handed in.
 *
 * @throws PeekError `CONTRACT_INVALID`
 */
export function checkPeer(value: PeerIdentity, what: string): PeerIdentity {
  const { instance }: { readonly instance: unknown } = value;
  if (typeof instance !== "string" || instance === "") {
    throw new PeekError(
      "CONTRACT_INVALID",
      `${what}: ${describeValue(value)} is neither a service nor a peer. A peer has service and instance.`,
    );
  }
  return { service: checkService(value.service, what), instance };
}
