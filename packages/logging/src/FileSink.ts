import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf, PeekError } from "@peek/errors";
import { createStream, type RotatingFileStream } from "rotating-file-stream";
import { formatText } from "./formatText.ts";
import { removeOldLogs } from "./removeOldLogs.ts";
import type { LogFormat, LogLine, LogSink } from "./LogSink.ts";

/** Which files a {@link FileSink} writes. */
export interface FileSinkOptions {
  /** The folder, made when it is missing (mode 0700). */
  readonly dir: string;
  /** The file's name without its ending: `peek-logic-service`. */
  readonly name: string;
  readonly format: LogFormat;
  /** Rotated files are removed when they are older than this; days. */
  readonly daysToKeep: number;
  /** A file is rotated before midnight when it gets larger than this; megabytes. */
  readonly maxFileMegabytes: number;
  /** Told once when the file cannot be written (the disk is full, say), and again when it can. */
  readonly onTrouble: (trouble: PeekError | undefined) => void;
}

/** After trouble, how long to wait before the file is opened again; milliseconds. */
const retryMs = 30_000;
/** How long the last lines are waited for, when the sink is disposed; milliseconds. */
const lastLinesMs = 2000;

/**
 * Writes to `<name>.log`. At midnight it becomes `<name>-<date>.<n>.log.gz` and a new one begins. Trouble with the
 * disk loses lines, not the service.
 */
export class FileSink implements LogSink {
  readonly #options: FileSinkOptions;
  #stream: RotatingFileStream | undefined;
  #retryAt = 0;
  #troubled = false;

  constructor(options: FileSinkOptions) {
    this.#options = options;
  }

  write(line: LogLine): void {
    this.#stream ??= this.#open();
    this.#stream?.write(this.#options.format === "json" ? line.json : formatText(line.record, true));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#retryAt = Infinity;
    if (stream === undefined) return;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    // After the error, if there is one. A disk that does not answer keeps nobody from ending.
    stream.once("close", resolve);
    const timer = setTimeout(resolve, lastLinesMs);
    stream.end();
    await closed;
    clearTimeout(timer);
  }

  #open(): RotatingFileStream | undefined {
    if (Date.now() < this.#retryAt) return undefined;
    const { dir, name, maxFileMegabytes } = this.#options;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      this.#removeOld();
      const stream = createStream((time, index) => fileName(name, time, index), {
        path: dir,
        interval: "1d",
        intervalBoundary: true,
        initialRotation: true,
        size: `${maxFileMegabytes}M`,
        compress: "gzip",
        mode: 0o600,
      });
      stream.on("error", (error) => this.#fail(stream, error));
      stream.on("warning", (error) => this.#warn(error));
      stream.on("rotated", () => this.#removeOld());
      stream.on("open", () => this.#recover());
      return stream;
    } catch (error) {
      this.#fail(undefined, error);
      return undefined;
    }
  }

  #fail(stream: RotatingFileStream | undefined, error: unknown): void {
    if (this.#stream === stream) this.#stream = undefined;
    this.#retryAt = Math.max(this.#retryAt, Date.now() + retryMs);
    this.#report(error);
  }

  #report(error: unknown): void {
    if (this.#troubled) return;
    this.#troubled = true;
    const file = join(this.#options.dir, `${this.#options.name}.log`);
    this.#options.onTrouble(
      new PeekError(
        "LOG_FILE_UNUSABLE",
        `${file} cannot be written: ${messageOf(error)}. Lines are lost until it can; it is tried again every ${retryMs / 1000} s.`,
        { cause: error, fields: { file } },
      ),
    );
  }

  /** A file that could not be compressed or named as it should: the log itself goes on. */
  #warn(error: unknown): void {
    const { dir, name, onTrouble } = this.#options;
    const message = `A log file of ${name} in ${dir} could not be rotated as it should: ${messageOf(error)}. It was left there.`;
    onTrouble(new PeekError("LOG_FILE_UNUSABLE", message, { cause: error, fields: { dir } }));
  }

  #recover(): void {
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#options.onTrouble(undefined);
  }

  #removeOld(): void {
    const { dir, name, daysToKeep } = this.#options;
    removeOldLogs(dir, name, daysToKeep);
  }
}

function fileName(name: string, time: number | Date, index: number | undefined): string {
  // Without a time it is the file that is being written.
  if (!(time instanceof Date)) return `${name}.log`;
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${name}-${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}.${index ?? 1}.log.gz`;
}
