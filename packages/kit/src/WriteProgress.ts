import type { Duplex } from "node:stream";

/**
 * Whether anything goes out over a connection. What counts is what the system has taken off the socket's hands: a large frame
 * may be on its way for longer than many heartbeats.
 */
export class WriteProgress {
  readonly #stream: Duplex;
  #left = 0;
  #idleBeats = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** To be called with each heartbeat: for how many, one after the other, something waited and nothing of it went out. */
  beat(): number {
    const left = this.#stream.writableLength + queued(this.#stream);
    this.#idleBeats = left > 0 && left === this.#left ? this.#idleBeats + 1 : 0;
    this.#left = left;
    return this.#idleBeats;
  }
}

/**
 * What Node has handed to libuv of the write that is under way, and the system has not taken. Node's own time-outs of sockets
 * look at the same number (lib/net.js, `_onTimeout`), for the same reason; it has no public name.
 */
function queued(stream: Duplex): number {
  const handle: unknown = "_handle" in stream ? stream._handle : undefined;
  if (typeof handle !== "object" || handle === null || !("writeQueueSize" in handle)) return 0;
  return typeof handle.writeQueueSize === "number" ? handle.writeQueueSize : 0;
}
