import { EventEmitter, once } from "node:events";
import type { LogLine, LogSink } from "@peek/logging";

/** Keeps the lines that a service logs: `INFO peek_vortex.DataExchange:Connected …`. */
export class KeptLines implements LogSink {
  readonly #lines: string[] = [];
  readonly #writing = new EventEmitter();

  get lines(): readonly string[] {
    return this.#lines;
  }

  write({ record }: LogLine): void {
    this.#lines.push(`${record.level} ${record.name}:${record.msg ?? ""}`);
    this.#writing.emit("line");
  }

  /** Waits for a line. */
  async until(pattern: RegExp): Promise<void> {
    const late = AbortSignal.timeout(30_000);
    while (!this.#lines.some((line) => pattern.test(line))) await once(this.#writing, "line", { signal: late });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
