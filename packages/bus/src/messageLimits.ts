import { Buffer } from "node:buffer";
import { PeekError } from "@peek/errors";

/** The largest text that a bus carries: 16 MiB. */
export const maxMessageBytes: number = 16 * 1024 * 1024;

/** How much may wait to be taken by one peer before it is cut off, or before its sender is refused: 32 MiB. */
export const maxWaitingBytes: number = 2 * maxMessageBytes;

/** From so much on that waits to be taken by a peer, those who send to it by a socket are not listened to: 8 MiB. */
export const highWaterBytes: number = maxWaitingBytes / 4;

/** Down to so much they are listened to again: 1 MiB. */
export const lowWaterBytes: number = 1024 * 1024;

/** Texts up to this length are refused later than others: answers that say no, and what keeps streams going; characters. */
const shortText = 1024;

/** Whether a text is one too many, when so much waits already. */
export function exceedsQueueLimit(text: string, waitingBytes: number): boolean {
  return waitingBytes > maxWaitingBytes && (text.length > shortText || waitingBytes > 2 * maxWaitingBytes);
}

/**
 * Checks a text before it is sent.
 *
 * @throws PeekError `VORTEX_MESSAGE_TOO_LARGE`, or `INTERNAL` when it is not one line.
 */
export function checkMessage(text: string, limit: number): void {
  // A character takes three bytes at most.
  if (text.length * 3 > limit && Buffer.byteLength(text) > limit) {
    throw new PeekError(
      "VORTEX_MESSAGE_TOO_LARGE",
      `A message of ${Buffer.byteLength(text)} bytes is larger than the ${limit} that may be sent. Send it in parts, or as a stream.`,
      { fields: { bytes: Buffer.byteLength(text), limit } },
    );
  }
  if (text.includes("\n")) throw new PeekError("INTERNAL", "A text with a line break was to be sent over the bus.");
}
