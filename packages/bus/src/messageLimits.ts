import { Buffer } from "node:buffer";
import { PeekError } from "@peek/errors";

/** The largest message of a bus: 16 MiB. */
export const maxMessageBytes: number = 16 * 1024 * 1024;

/** How many bytes may be queued for one peer before it is disconnected, or its sender is refused: 32 MiB. */
export const maxWaitingBytes: number = 2 * maxMessageBytes;

/** The high-water mark of a peer's queue: while more is queued, the exchange stops reading from its senders. 8 MiB. */
export const highWaterBytes: number = maxWaitingBytes / 4;

/** The low-water mark of a peer's queue: the exchange resumes reading. 1 MiB. */
export const lowWaterBytes: number = 1024 * 1024;

/** Messages up to this length are refused later than longer ones, for they are answers and control messages; characters. */
const shortMessage = 1024;

/** Whether a message must be refused because too much is queued. */
export function exceedsQueueLimit(message: string, waitingBytes: number): boolean {
  return waitingBytes > maxWaitingBytes && (message.length > shortMessage || waitingBytes > 2 * maxWaitingBytes);
}

/**
 * Checks a message before it is sent.
 *
 * @throws PeekError `VORTEX_MESSAGE_TOO_LARGE`, or `INTERNAL` when it is not one line.
 */
export function checkMessage(message: string, maxBytes: number): void {
  // A character takes at most three bytes.
  if (message.length * 3 > maxBytes && Buffer.byteLength(message) > maxBytes) {
    const bytes = Buffer.byteLength(message);
    throw new PeekError(
      "VORTEX_MESSAGE_TOO_LARGE",
      `A message of ${bytes} bytes was not sent: the limit is ${maxBytes} bytes. Send it in parts, or as a stream.`,
      { fields: { bytes, limit: maxBytes } },
    );
  }
  if (message.includes("\n")) throw new PeekError("INTERNAL", "A message was not sent: it contains a line break.");
}
