/** The kinds of WebSocket frames that hold data. */
const continuation = 0;
const text = 1;
const binary = 2;
/** The bit of the first byte that marks the last frame of a message. */
const final = 0x80;

/** A message as one complete WebSocket frame, which is the same for all browsers. */
export class Frame {
  /** Header and payload. */
  readonly bytes: Buffer;
  readonly #headerSize: number;

  private constructor(bytes: Buffer, headerSize: number) {
    this.bytes = bytes;
    this.#headerSize = headerSize;
  }

  static ofText(message: string): Frame {
    const size = Buffer.byteLength(message);
    const start = headerSize(size);
    const bytes = Buffer.allocUnsafe(start + size);
    writeHeader(bytes, text | final, size);
    bytes.write(message, start);
    return new Frame(bytes, start);
  }

  static ofJson(message: object): Frame {
    return Frame.ofText(JSON.stringify(message));
  }

  static ofBinary(payload: Uint8Array): Frame {
    const start = headerSize(payload.length);
    const bytes = Buffer.allocUnsafe(start + payload.length);
    writeHeader(bytes, binary | final, payload.length);
    bytes.set(payload, start);
    return new Frame(bytes, start);
  }

  /** How many bytes the payload has. */
  get payloadSize(): number {
    return this.bytes.length - this.#headerSize;
  }

  /** A part of the payload as a frame of its own: its header, and the part, which is not copied. */
  fragment(from: number, to: number): readonly [header: Buffer, payload: Buffer] {
    const kind = from === 0 ? (this.bytes[0] ?? 0) & ~final : continuation;
    const header = Buffer.allocUnsafe(headerSize(to - from));
    writeHeader(header, to === this.payloadSize ? kind | final : kind, to - from);
    return [header, this.bytes.subarray(this.#headerSize + from, this.#headerSize + to)];
  }
}

function headerSize(payloadSize: number): number {
  if (payloadSize < 126) return 2;
  return payloadSize < 65_536 ? 4 : 10;
}

function writeHeader(into: Buffer, first: number, payloadSize: number): void {
  into[0] = first;
  if (payloadSize < 126) into[1] = payloadSize;
  else if (payloadSize < 65_536) {
    into[1] = 126;
    into.writeUInt16BE(payloadSize, 2);
  } else {
    into[1] = 127;
    into.writeUInt32BE(Math.floor(payloadSize / 2 ** 32), 2);
    into.writeUInt32BE(payloadSize >>> 0, 6);
  }
}
