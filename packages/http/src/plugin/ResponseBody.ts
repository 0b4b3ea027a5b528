import { setTimeout } from "node:timers/promises";

/** So many bytes tell how a body is encoded; fewer only when they are all. */
const tellingBytes = 512;
/** How long more of a shorter one is waited for; milliseconds. */
const tellingMs = 100;

/** The body of a handler's answer, whose beginning can be looked at before it is sent. */
export class ResponseBody {
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly #signal: AbortSignal;
  #begin: Buffer = Buffer.alloc(0);
  #pending: Promise<void> | undefined;
  #isOver = false;

  /** @param signal Ends it. */
  constructor(stream: ReadableStream<unknown>, signal: AbortSignal) {
    this.#reader = stream.getReader();
    this.#signal = signal;
    const cancel = (): void => void this.#reader.cancel(signal.reason).catch(() => undefined);
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) cancel();
    const forget = (): void => signal.removeEventListener("abort", cancel);
    this.#reader.closed.then(forget, forget);
  }

  /** Waits for the first bytes. */
  async start(): Promise<void> {
    while (!this.#isOver && this.#begin.length === 0) await this.#more();
  }

  /** The first bytes, as far as they are there soon, and whether there are no others. */
  async look(): Promise<{ readonly begin: Uint8Array; readonly isWhole: boolean }> {
    const late = new AbortController();
    const timeUp = setTimeout(tellingMs, "late" as const, { signal: late.signal }).catch(() => "late" as const);
    while (!this.#isOver && this.#begin.length < tellingBytes) {
      if ((await Promise.race([this.#more(), timeUp])) === "late") break;
    }
    late.abort();
    return { begin: this.#begin, isWhole: this.#isOver };
  }

  /**
   * All of it.
   *
   * @throws What the handler's stream was ended with, or the signal's reason.
   */
  async *bytes(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const bytes = this.#begin;
        this.#begin = Buffer.alloc(0);
        if (bytes.length > 0) yield bytes;
        if (this.#isOver) return;
        await this.#more();
      }
    } finally {
      await this.cancel();
    }
  }

  /** Ends it: nobody wants the rest. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }

  /** One read at a time, which goes on when nobody waits for it any more. One that fails is the last. */
  async #more(): Promise<void> {
    await (this.#pending ??= this.#read());
    this.#pending = undefined;
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#reader.read();
    // A stream that was cancelled has an end like any other.
    this.#signal.throwIfAborted();
    if (done) {
      this.#isOver = true;
      return;
    }
    const bytes = bytesOf(value);
    this.#begin = this.#begin.length === 0 ? bytes : Buffer.concat([this.#begin, bytes]);
  }
}

function bytesOf(chunk: unknown): Buffer {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (typeof chunk === "string") return Buffer.from(chunk);
  throw new TypeError("The body of a Response must be a stream of Uint8Array.");
}
