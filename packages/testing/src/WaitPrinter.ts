import type { LogLine, LogSink } from "@peek/logging";

/** Prints which absent services the calls of a service wait for: a test that times out would otherwise not show it. */
export class WaitPrinter implements LogSink {
  readonly #service: string;

  constructor(service: string) {
    this.#service = service;
  }

  write({ record: { level, code, msg } }: LogLine): void {
    if (level === "INFO" && code === "VORTEX_NOBODY") process.stderr.write(`${this.#service}: ${msg ?? ""}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing has to be released.
  }
}
