import { PeekError } from "@peek/errors";
import type { PeerIdentity } from "@peek/plugin-base";

/** Nothing can be sent now. */
export function disconnected(self: PeerIdentity): PeekError {
  return new PeekError(
    "VORTEX_DISCONNECTED",
    `The message was not sent: the ${self.service} service is not connected to the others. It reconnects by itself; its log has the reason.`,
  );
}

/** The bus was disposed. */
export function closed(self: PeerIdentity): PeekError {
  return new PeekError("VORTEX_CLOSED", `The message was not sent: the ${self.service} service has stopped.`);
}

/** The receiver is not connected. */
export function notConnected(to: PeerIdentity): PeekError {
  return new PeekError("VORTEX_NOBODY", `The message was not sent: ${to.instance} is not connected.`, {
    fields: { service: to.service, instance: to.instance },
  });
}

/** Too many bytes are queued. */
export function overloaded(self: PeerIdentity, waitingBytes: number): PeekError {
  return new PeekError(
    "VORTEX_OVERLOADED",
    `The message was not sent: ${waitingBytes} bytes are already queued in the ${self.service} service. Send less at a time, or wait for answers before you send more.`,
    { fields: { waitingBytes } },
  );
}
