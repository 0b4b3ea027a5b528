import { describeValue, PeekError } from "@peek/errors";
import { type PeerIdentity, type ServiceName, serviceNames } from "@peek/plugin-base";

/**
 * Checks a service name that a plugin passed. Plain JavaScript can misspell it, and no peer would ever answer.
 *
 * @param refusal Begins the error message: the action that fails with a wrong name.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function checkService(value: unknown, refusal: string): ServiceName {
  const service = serviceNames.find((name) => name === value);
  if (service !== undefined) return service;
  throw new PeekError(
    "CONTRACT_INVALID",
    `${refusal}: ${describeValue(value)} is not a service. The services are ${serviceNames.join(", ")}.`,
  );
}

/**
 * Checks `acceptOnlyFrom`.
 *
 * @param refusal As in {@link checkService}.
 * @returns Undefined when all services are accepted.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function checkAccepted(
  value: ServiceName | readonly ServiceName[] | undefined,
  refusal: string,
): ReadonlySet<ServiceName> | undefined {
  if (value === undefined) return undefined;
  const accepted = new Set([value].flat().map((each) => checkService(each, `${refusal}, with acceptOnlyFrom`)));
  if (accepted.size > 0) return accepted;
  throw new PeekError(
    "CONTRACT_INVALID",
    `${refusal}: acceptOnlyFrom is empty, so no service could call. Name the services, or omit it to accept all.`,
  );
}

/**
 * Checks the identity of a peer that a plugin passed.
 *
 * @param refusal As in {@link checkService}.
 * @throws PeekError `CONTRACT_INVALID`
 */
export function checkPeer(value: PeerIdentity, refusal: string): PeerIdentity {
  const { instance }: { readonly instance: unknown } = value;
  if (typeof instance !== "string" || instance === "") {
    throw new PeekError(
      "CONTRACT_INVALID",
      `${refusal}: ${describeValue(value)} is neither a service nor a peer. A peer has service and instance.`,
    );
  }
  return { service: checkService(value.service, refusal), instance };
}
