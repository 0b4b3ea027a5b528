import { Buffer } from "node:buffer";
import { PeekError } from "@peek/errors";

/** The largest text that a bus carries: 16 MiB. */
export const maxMessageBytes: number = 16 * 1024 * 1024;

/** How much may wait to be taken by one peer before it is cut off, or before its sender is refused: 32 MiB. */
export const maxWaitingBytes: number = 2 * maxMessageBytes;

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
