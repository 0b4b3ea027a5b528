/** Longer payloads, in bytes, are updates. Other messages are shorter. */
const leastUpdate = 900;

/** Counts the frames of a WebSocket server in the data of its socket; parses only frames that are no updates. */
export class FrameCounter {
  /** The begin of an incomplete frame. */
  #rest = Buffer.alloc(0);
  /** The missing bytes of an update's payload. */
  #left = 0;
  #onUpdate;
  #onText;

  /**
   * @param {() => void} onUpdate
   * @param {(text: string) => void} onText
   */
  constructor(onUpdate, onText) {
    this.#onUpdate = onUpdate;
    this.#onText = onText;
  }

  take(chunk) {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      if (this.#left > bytes.length) {
        this.#left -= bytes.length;
        bytes = bytes.subarray(bytes.length);
      } else if (this.#left > 0) {
        bytes = bytes.subarray(this.#left);
        this.#left = 0;
        this.#onUpdate();
      }
      const frame = readHeader(bytes);
      if (this.#left > 0 || frame === undefined) break;
      const { start, size } = frame;
      if (size >= leastUpdate) {
        this.#left = size;
        bytes = bytes.subarray(start);
      } else if (bytes.length >= start + size) {
        this.#onText(bytes.toString("utf8", start, start + size));
        bytes = bytes.subarray(start + size);
      } else break;
    }
    // A view would keep the whole chunk in memory.
    this.#rest = bytes.length === 0 ? bytes : Buffer.from(bytes);
  }
}

/** @returns The offset and the size of the payload; undefined while the header is incomplete. */
function readHeader(bytes) {
  if (bytes.length < 2) return undefined;
  const short = bytes[1];
  if (short < 126) return { start: 2, size: short };
  if (short === 126) return bytes.length < 4 ? undefined : { start: 4, size: bytes.readUInt16BE(2) };
  return bytes.length < 10 ? undefined : { start: 10, size: Number(bytes.readBigUInt64BE(2)) };
}
