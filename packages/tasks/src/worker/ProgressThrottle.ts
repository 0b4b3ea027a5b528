import { PeekError } from "@peek/errors";
import { encode } from "@peek/plugin-base/contracts";

/** How often it is told; milliseconds. */
const everyMs = 100;
/** How long what is told may be; bytes. */
const longest = 10_000;

/** What a handler tells of how far it is: not more often than ten times a second, but the last of it surely. */
export class ProgressThrottle implements Disposable {
  readonly #tell: (value: string) => void;
  #toldAt = -Infinity;
  #untold: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param tell Is given the value as `encode()` has made it. */
  constructor(tell: (value: string) => void) {
    this.#tell = tell;
  }

  /** @throws PeekError `DATA_UNENCODABLE` */
  report(value: unknown): void {
    const text = encode(value);
    const bytes = Buffer.byteLength(text);
    if (bytes > longest) {
      throw new PeekError(
        "DATA_UNENCODABLE",
        `The progress has ${bytes} bytes, more than ${longest}. Tell less at a time`,
      );
    }
    this.#untold = text;
    const waitMs = this.#toldAt + everyMs - performance.now();
    // Asked each time, since a handler that computes leaves no timer its turn.
    if (waitMs <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), waitMs);
  }

  /** Takes out what was not told yet. */
  takeLast(): string | undefined {
    const last = this.#untold;
    this.#untold = undefined;
    this[Symbol.dispose]();
    return last;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flush(): void {
    const last = this.takeLast();
    if (last === undefined) return;
    this.#toldAt = performance.now();
    this.#tell(last);
  }
}
