import type { Duplex } from "node:stream";

/** How long a {@link lingeringClose} waits for the peer. */
export interface LingerLimits {
  /** After how many milliseconds the connection is destroyed. */
  readonly maxMs: number;
  /** How many bytes the peer may still send; with more, the connection is destroyed. */
  readonly maxBytes: number;
}

/**
 * Closes a TCP or TLS connection in such a way that a peer that is still sending receives everything that was written before. It
 * sends FIN after the written bytes, discards what the peer sends, and destroys the connection when the peer has sent FIN as well,
 * or a limit is reached.
 *
 * A connection that is destroyed while its peer sends is reset by the operating system, and the peer then loses what it has not read.
 */
export function lingeringClose(connection: Duplex, { maxMs, maxBytes }: LingerLimits): void {
  if (connection.destroyed) return;
  let bytesLeft = maxBytes;
  const deadline = setTimeout(() => connection.destroy(), maxMs).unref();
  connection.once("close", () => clearTimeout(deadline));
  // The peer may disconnect at any time.
  connection.on("error", () => connection.destroy());
  // The parser needs no more bytes.
  connection.removeAllListeners("data");
  connection.on("data", (bytes: Buffer) => {
    bytesLeft -= bytes.length;
    if (bytesLeft < 0) connection.destroy();
  });
  connection.end();
  connection.resume();
}
