import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { canonical } from "./TestSite.ts";

/** Of a frame that was received. */
interface Header {
  readonly opcode: number;
  /** Where the payload begins; bytes. */
  readonly start: number;
  readonly length: number;
}

/**
 * A browser below its WebSocket: it reads everything, or 32 KiB at each {@link read}. It watches a channel, and answers the pings
 * that it has read.
 */
export class SlowReader implements Disposable {
  /** Whether it reads everything. */
  isFast = true;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  /** How many bytes of the present payload are left to skip. */
  #skip = 0;
  #isUpgraded = false;
  #textMessages = 0;

  private constructor(port: number) {
    this.#socket = connect({
      host: "127.0.0.1",
      port,
      onread: {
        buffer: Buffer.alloc(32 * 1024),
        callback: (length, buffer) => {
          this.#take(Buffer.from(buffer.subarray(0, length)));
          return this.isFast;
        },
      },
    });
  }

  static async open(url: string): Promise<SlowReader> {
    const reader = new SlowReader(Number(new URL(url).port));
    await once(reader.#socket, "connect");
    // The gateway may cut it.
    reader.#socket.on("error", () => undefined);
    const lines = [
      "GET /vortex HTTP/1.1",
      "Host: localhost",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
      "Sec-WebSocket-Protocol: peek.client.1",
    ];
    reader.#socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    reader.#send(0x81, Buffer.from(JSON.stringify({ t: "sub", id: 1, sel: canonical })));
    return reader;
  }

  /** How many messages have begun. */
  get textMessages(): number {
    return this.#textMessages;
  }

  /** Reads once. */
  read(): void {
    this.#socket.resume();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** Sends a short frame, whose mask is zero. */
  #send(first: number, payload: Buffer): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (!this.#isUpgraded) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.#isUpgraded = true;
      this.#received = this.#received.subarray(end + 4);
    }
    for (;;) {
      const skipped = Math.min(this.#skip, this.#received.length);
      this.#received = this.#received.subarray(skipped);
      this.#skip -= skipped;
      const header = headerOf(this.#received);
      if (this.#skip > 0 || header === undefined) return;
      if (header.opcode !== 9) {
        if (header.opcode === 1) this.#textMessages += 1;
        this.#received = this.#received.subarray(header.start);
        this.#skip = header.length;
        continue;
      }
      const end = header.start + header.length;
      if (this.#received.length < end) return;
      this.#send(0x8a, this.#received.subarray(header.start, end));
      this.#received = this.#received.subarray(end);
    }
  }
}

/** Undefined when it was not received yet. */
function headerOf(bytes: Buffer): Header | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const opcode = first & 0x0f;
  if (second < 126) return { opcode, start: 2, length: second };
  const start = second === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  return { opcode, start, length: second === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2)) };
}
