import type { LogLine, LogSink } from "@peek/logging";

/** Prints for whom calls of a service wait: a test that waits for them in vain would end without a word of it. */
export class WaitPrinter implements LogSink {
  readonly #service: string;

  constructor(service: string) {
    this.#service = service;
  }

  write({ record: { level, code, msg } }: LogLine): void {
    if (level === "INFO" && code === "VORTEX_NOBODY") process.stderr.write(`${this.#service}: ${msg ?? ""}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It holds nothing.
  }
}
