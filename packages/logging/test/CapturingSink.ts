import type { LogLine, LogSink } from "@peek/logging";
import { formatText } from "../src/formatText.ts";

/** Keeps what is written. */
export class CapturingSink implements LogSink {
  readonly lines: LogLine[] = [];
  disposals = 0;

  write(line: LogLine): void {
    this.lines.push(line);
  }

  /** The lines as the console has them. */
  get text(): readonly string[] {
    return this.lines.map((line) => formatText(line.record, false));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposals += 1;
  }
}
