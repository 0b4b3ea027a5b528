import { setTimeout } from "node:timers/promises";

/** How many bytes are inspected to detect the encoding of a body. */
const inspectedBytes = 512;
/** How long to wait for that many bytes. */
const inspectionMs = 100;

/** The body of a handler's response, whose beginning can be inspected before it is sent. */
export class ResponseBody {
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly #signal: AbortSignal;
  #beginning: Buffer = Buffer.alloc(0);
  #pending: Promise<void> | undefined;
  #isOver = false;

  /** @param signal Cancels it. */
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
    while (!this.#isOver && this.#beginning.length === 0) await this.#more();
  }

  /** The bytes that arrive soon, and whether they are the whole body. */
  async inspect(): Promise<{ readonly beginning: Uint8Array; readonly isWhole: boolean }> {
    const late = new AbortController();
    const timeUp = setTimeout(inspectionMs, "late" as const, { signal: late.signal }).catch(() => "late" as const);
    while (!this.#isOver && this.#beginning.length < inspectedBytes) {
      if ((await Promise.race([this.#more(), timeUp])) === "late") break;
    }
    late.abort();
    return { beginning: this.#beginning, isWhole: this.#isOver };
  }

  /**
   * Reads the whole body.
   *
   * @throws The error of the handler's stream, or the signal's reason.
   */
  async *bytes(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const bytes = this.#beginning;
        this.#beginning = Buffer.alloc(0);
        if (bytes.length > 0) yield bytes;
        if (this.#isOver) return;
        await this.#more();
      }
    } finally {
      await this.cancel();
    }
  }

  /** Discards the rest of the body. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }

  /** Reads on. One read at a time: it continues when its caller stops waiting. A failed read is the last one. */
  async #more(): Promise<void> {
    await (this.#pending ??= this.#read());
    this.#pending = undefined;
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#reader.read();
    // A cancelled stream seems to end normally.
    this.#signal.throwIfAborted();
    if (done) {
      this.#isOver = true;
      return;
    }
    const bytes = bytesOf(value);
    this.#beginning = this.#beginning.length === 0 ? bytes : Buffer.concat([this.#beginning, bytes]);
  }
}

function bytesOf(chunk: unknown): Buffer {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (typeof chunk === "string") return Buffer.from(chunk);
  throw new TypeError("The body of a Response has to be a stream of Uint8Array.");
}
