import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";

/** A call was not answered in time. */
export function deadlineExceeded(procedure: string, to: string, deadlineMs: number): PeekError {
  return new PeekError(
    "DEADLINE_EXCEEDED",
    `${to} has not answered a call of ${procedure} within ${deadlineMs} ms. Whether it was done is not known.`,
    { fields: { procedure, to, deadlineMs } },
  );
}

/** Nobody will answer a call any more. */
export function peerGone(procedure: string, to: PeerIdentity): PeekError {
  return new PeekError(
    "PEER_GONE",
    `${to.instance} is gone, or the way to it was cut, and has not answered a call of ${procedure}. Whether it was done is not known.`,
    { fields: { procedure, service: to.service, instance: to.instance } },
  );
}

/** A plugin calls, though it has been stopped; or it is stopped while it calls. */
export function released(plugin: string): PeekError {
  return new PeekError(
    "VORTEX_CLOSED",
    `${plugin} has been stopped, and what it had under way was given up. End all work in stop(), and wait for it there.`,
    { fields: { plugin } },
  );
}

/** A peer does not keep to what was agreed on. */
export function protocolBroken(by: PeerIdentity, how: string): PeekError {
  return new PeekError("VORTEX_FRAME_INVALID", `${by.instance} ${how}.`, {
    fields: { service: by.service, instance: by.instance },
  });
}

/** Whether a text was not sent since there is nobody, or no connection, to send it by. */
export function isAbsence(error: unknown): boolean {
  return PeekError.is(error) && absences.has(error.code);
}

const absences: ReadonlySet<string> = new Set(["VORTEX_NOBODY", "VORTEX_DISCONNECTED", "VORTEX_CLOSED"]);
