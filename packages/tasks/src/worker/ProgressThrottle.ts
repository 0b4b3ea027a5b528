import { PeekError } from "@peek/errors";
import { encode } from "@peek/plugin-base/contracts";

const intervalMs = 100;
const maxBytes = 10_000;

/** Reports the progress of a handler at most ten times a second, and always its last value. */
export class ProgressThrottle implements Disposable {
  readonly #send: (value: string) => void;
  #sentAt = -Infinity;
  #latest: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param send Receives values encoded by `encode()`. */
  constructor(send: (value: string) => void) {
    this.#send = send;
  }

  /** @throws PeekError `DATA_UNENCODABLE` */
  report(value: unknown): void {
    const text = encode(value);
    const bytes = Buffer.byteLength(text);
    if (bytes > maxBytes) {
      throw new PeekError(
        "DATA_UNENCODABLE",
        `The progress has ${bytes} bytes, but the limit is ${maxBytes}. Report smaller values`,
      );
    }
    this.#latest = text;
    const waitMs = this.#sentAt + intervalMs - performance.now();
    // Checked here too, since timers do not fire while a handler computes.
    if (waitMs <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), waitMs);
  }

  /** Removes and returns the value that is not sent yet. */
  takeLast(): string | undefined {
    const last = this.#latest;
    this.#latest = undefined;
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
    this.#sentAt = performance.now();
    this.#send(last);
  }
}
