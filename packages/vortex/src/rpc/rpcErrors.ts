import { PeekError } from "@peek/errors";
import type { PeerIdentity, ServiceName } from "@peek/plugin-base";

/**
 * A call was not answered in time.
 *
 * @param to The called peer; undefined when the call was not sent.
 */
export function deadlineExceeded(procedure: string, to: PeerIdentity | undefined, deadlineMs: number): PeekError {
  return new PeekError(
    "DEADLINE_EXCEEDED",
    `${to?.instance ?? "No peer"} did not answer a call of ${procedure} within ${deadlineMs} ms. It is not known whether the call was executed.`,
    { fields: { procedure, to: to?.instance ?? "", deadlineMs } },
  );
}

/** The called peer will not answer any more. */
export function peerGone(procedure: string, to: PeerIdentity): PeekError {
  return new PeekError(
    "PEER_GONE",
    `${to.instance} ended, or the connection to it was lost, before it answered a call of ${procedure}. It is not known whether the call was executed.`,
    { fields: { procedure, service: to.service, instance: to.instance } },
  );
}

/** This service stops while its plugins still wait. */
export function serviceStopping(service: ServiceName): PeekError {
  return new PeekError("VORTEX_CLOSED", `The ${service} service is stopping, and its open calls were cancelled.`);
}

/**
 * A peer violates the protocol.
 *
 * @param violation Continues the sentence after the peer's name.
 */
export function protocolViolated(by: PeerIdentity, violation: string): PeekError {
  return new PeekError("VORTEX_FRAME_INVALID", `${by.instance} ${violation}.`, {
    fields: { service: by.service, instance: by.instance },
  });
}

/** Whether a message was not sent because its receiver, or the connection, is gone. */
export function isAbsence(error: unknown): boolean {
  return PeekError.is(error) && absenceCodes.has(error.code);
}

const absenceCodes: ReadonlySet<string> = new Set(["VORTEX_NOBODY", "VORTEX_DISCONNECTED", "VORTEX_CLOSED"]);
