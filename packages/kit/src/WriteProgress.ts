import type { Duplex } from "node:stream";

/**
 * Detects a connection whose writes are stuck. It counts bytes that the operating system has taken from the socket: a large frame may
 * take longer than many heartbeats.
 */
export class WriteProgress {
  readonly #stream: Duplex;
  #left = 0;
  #idleBeats = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** To be called with each heartbeat. Returns for how many heartbeats in a row bytes have waited without progress. */
  beat(): number {
    const left = this.#stream.writableLength + queued(this.#stream);
    this.#idleBeats = left > 0 && left === this.#left ? this.#idleBeats + 1 : 0;
    this.#left = left;
    return this.#idleBeats;
  }
}

/**
 * The bytes of the current write that libuv has and the operating system has not taken. Node's own socket timeouts use the same number
 * (lib/net.js, `_onTimeout`); it has no public API.
 */
function queued(stream: Duplex): number {
  const handle: unknown = "_handle" in stream ? stream._handle : undefined;
  if (typeof handle !== "object" || handle === null || !("writeQueueSize" in handle)) return 0;
  return typeof handle.writeQueueSize === "number" ? handle.writeQueueSize : 0;
}
