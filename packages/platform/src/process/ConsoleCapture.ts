import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";
import type { Logger } from "@peek/plugin-base";

/** The dependencies of a {@link ConsoleCapture}. */
export interface ConsoleCaptureOptions {
  /** The plugin whose code prints, by the stack of an error that is made there. */
  readonly pluginAtFault: (error: Error) => string | undefined;
  /** The logger for the output of a plugin, or of unknown code. */
  readonly loggerOf: (plugin: string | undefined) => Logger;
}

/**
 * Turns the output of `console` and of the process's streams into log lines: each line in the log's format, with the
 * plugin's name, at the log's destinations. Printing works also when the console has been closed. Undone on disposal.
 */
export class ConsoleCapture implements Disposable {
  readonly #owned = new DisposableStack();

  constructor(options: ConsoleCaptureOptions) {
    this.#owned.use(new StreamCapture(process.stdout, "info", options));
    this.#owned.use(new StreamCapture(process.stderr, "warning", options));
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** A longer line is logged in parts. In characters. */
const maxLineLength = 64 * 1024;

class StreamCapture implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  readonly #level: "info" | "warning";
  readonly #options: ConsoleCaptureOptions;
  readonly #decoder = new StringDecoder();
  readonly #originalWrite: PropertyDescriptor | undefined;
  /** The beginning of a line whose end has not been printed yet. */
  #partialLine = "";

  constructor(stream: NodeJS.WriteStream, level: "info" | "warning", options: ConsoleCaptureOptions) {
    this.#stream = stream;
    this.#level = level;
    this.#options = options;
    this.#originalWrite = Object.getOwnPropertyDescriptor(stream, "write");
    stream.on("error", ignoreError);
    Object.defineProperty(stream, "write", { value: this.#write, configurable: true, writable: true });
  }

  [Symbol.dispose](): void {
    if (this.#originalWrite === undefined) Reflect.deleteProperty(this.#stream, "write");
    else Object.defineProperty(this.#stream, "write", this.#originalWrite);
    if (this.#partialLine !== "") this.#log([this.#partialLine]);
    this.#stream.off("error", ignoreError);
  }

  readonly #write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    this.#add(typeof chunk === "string" ? textOf(chunk, encoding) : this.#decoder.write(Buffer.from(chunk)));
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(() => void Reflect.apply(done, undefined, []));
    return true;
  };

  #add(text: string): void {
    const lines = `${this.#partialLine}${text}`.split("\n");
    this.#partialLine = lines.pop() ?? "";
    if (this.#partialLine.length >= maxLineLength) {
      lines.push(this.#partialLine);
      this.#partialLine = "";
    }
    if (lines.length > 0) this.#log(lines);
  }

  #log(lines: readonly string[]): void {
    const logger = this.#options.loggerOf(this.#options.pluginAtFault(new Error("the stack of the printing code")));
    for (const line of lines) logger[this.#level]("%s", stripVTControlCharacters(line).trimEnd());
  }
}

function textOf(chunk: string, encoding: unknown): string {
  const isOther = typeof encoding === "string" && Buffer.isEncoding(encoding) && !/^utf-?8$/i.test(encoding);
  return isOther ? String(Buffer.from(chunk, encoding)) : chunk;
}

/** The error of a closed console cannot be shown; the lines go to the log's other destinations. */
function ignoreError(): void {
  // See above.
}
