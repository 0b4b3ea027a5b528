import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";

/** Nothing can be sent at the moment. */
export function disconnected(self: PeerIdentity): PeekError {
  return new PeekError(
    "VORTEX_DISCONNECTED",
    `The ${self.service} service is not connected to the others now, so that nothing was sent. It connects again by itself; its log says what keeps it from that.`,
  );
}

/** The bus was disposed. */
export function closed(self: PeerIdentity): PeekError {
  return new PeekError("VORTEX_CLOSED", `The ${self.service} service has stopped, so that nothing was sent.`);
}

/** The one who should get it is not there. */
export function nobody(to: PeerIdentity): PeekError {
  return new PeekError("VORTEX_NOBODY", `${to.instance} is not connected, so that nothing was sent to it.`, {
    fields: { service: to.service, instance: to.instance },
  });
}

/** Too much waits to be sent already. */
export function overloaded(self: PeerIdentity, waitingBytes: number): PeekError {
  return new PeekError(
    "VORTEX_OVERLOADED",
    `${waitingBytes} bytes wait to be sent by the ${self.service} service, so that no more was taken. Send less at a time, or wait for answers before sending more.`,
    { fields: { waitingBytes } },
  );
}
