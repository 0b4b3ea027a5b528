import type { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";

/** The body of a request, up to a limit. */
export class RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  #isTooLarge = false;

  /** @param maxBytes Reading a longer body fails. */
  constructor(source: Readable, maxBytes: number) {
    this.stream = ReadableStream.from(this.#limited(source, maxBytes));
  }

  /** Whether the body has exceeded the limit. */
  get isTooLarge(): boolean {
    return this.#isTooLarge;
  }

  async *#limited(source: Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    // A handler that stops reading still answers on the same connection.
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        this.#isTooLarge = true;
        throw new Error(`The body has more than ${maxBytes} bytes.`);
      }
      yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    }
  }
}
