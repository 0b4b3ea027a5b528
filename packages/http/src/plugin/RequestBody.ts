import type { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";

/** The body of a request, as far as it may be read. */
export class RequestBody {
  readonly stream: ReadableStream<Uint8Array>;
  #isTooLarge = false;

  /** @param maxBytes What is beyond fails the reading. */
  constructor(source: Readable, maxBytes: number) {
    this.stream = ReadableStream.from(this.#limited(source, maxBytes));
  }

  /** Whether more has come than may. */
  get isTooLarge(): boolean {
    return this.#isTooLarge;
  }

  async *#limited(source: Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    // Who stops reading still has to answer, by the same connection.
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
